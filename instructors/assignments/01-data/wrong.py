"""Three typical wrong answers, each with words of the feedback that it must get."""


def counts_artists(table):
    known = table.dropna(subset=["artist"])
    test = set(known.loc[known["side"] == "test", "artist"])
    train = set(known.loc[known["side"] == "train", "artist"])
    return len(test & train) / len(test) if test else float("nan")


def one_unknown_artist(table):
    artist = table["artist"].fillna("unknown")
    test = artist[table["side"] == "test"]
    return test.isin(artist[table["side"] == "train"]).mean()


def looks_everywhere(table):
    known = table.dropna(subset=["artist"])
    test = known[known["side"] == "test"]
    return test["artist"].isin(known["artist"]).mean()


WRONG = [
    ("known_artists", counts_artists, "Artists were counted"),
    ("known_artists", one_unknown_artist, "Unknown artists were taken for one"),
    ("known_artists", looks_everywhere, "looked up among all tracks"),
]
