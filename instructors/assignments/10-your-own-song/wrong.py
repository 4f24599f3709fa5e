"""Three typical wrong answers, each with words of the feedback that it must get."""


def counts_pieces(answers, known):
    stranger = ~answers["truth"].isin(known)
    right, silent = answers["truth"] == answers["named"], answers["named"].isna()
    return {
        "accuracy": right[~stranger].mean(),
        "answered": right[~stranger & ~silent].mean(),
        "strangers_refused": silent[stranger].mean(),
    }


def leaves_out_refusals(answers, known):
    strangers = answers[~answers["truth"].isin(known)]
    refused = strangers.groupby("song")["named"].agg(lambda pieces: pieces.isna().all())
    songs = (
        answers[answers["truth"].isin(known)]
        .dropna()
        .groupby("song")
        .agg(truth=("truth", "first"), named=("named", lambda pieces: pieces.mode().iloc[0]))
    )
    right = (songs["truth"] == songs["named"]).mean()
    return {
        "accuracy": right,
        "answered": right,
        "strangers_refused": refused.astype(float).mean(),
    }


def mixes_strangers(answers, known):
    songs = answers.groupby("song").agg(
        truth=("truth", "first"),
        named=("named", lambda pieces: next(iter(pieces.dropna().mode()), None)),
    )
    right, silent = songs["truth"] == songs["named"], songs["named"].isna()
    return {
        "accuracy": right.mean(),
        "answered": right[~silent].mean(),
        "strangers_refused": silent[~songs["truth"].isin(known)].mean(),
    }


WRONG = [
    ("report", counts_pieces, "Pieces were counted, not songs"),
    ("report", leaves_out_refusals, "Refused songs were left out"),
    ("report", mixes_strangers, "were scored with the others"),
]
