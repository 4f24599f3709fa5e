// The theme gives a box that scrolls a place in the order of the tab key when a page is loaded or
// resized. What was folded away then is looked at when it is unfolded.
const look = () => window.dispatchEvent(new Event("resize"));
document.addEventListener("toggle", look, true);
document.addEventListener("click", (event) => {
  if (event.target.closest(".admonition-title")) look();
});
