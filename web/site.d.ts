/** What `genrelib.book` writes in front of the joined modules. */
declare const SITE: {
  /** What is loaded with the first song, and its size in bytes. */
  assets: [string, number][];
  /** Free recordings to try. */
  examples: { name: string; title: string; by: string; source: string; licence: string }[];
};
