"""The first few analyses in the R script of an export, written for the columns that are there.

Rows of one run belong to one simulated service. So each analysis is done within runs, and runs are then averaged:
the spread over runs is the Monte Carlo error.
"""

from experiments.export.readme import CAUTION

MEANS = ("sessions_held", "dropout_unilateral", "recovered", "reliable_improvement", "wai_client_s3")
RATINGS = ("wai_client", "wai_therapist")
HELPERS = """\
# Mean over runs of a number for each run, with its Monte Carlo error. A row is an arm and, behind the dot, a design
# point.
over_runs <- function(numbers, runs) {
  cell <- interaction(runs$arm, runs$design_point, drop = TRUE, lex.order = TRUE)
  runs_used <- tapply(numbers, cell, function(x) sum(!is.na(x)))
  mean_over_runs <- tapply(numbers, cell, mean, na.rm = TRUE)
  error <- tapply(numbers, cell, sd, na.rm = TRUE) / sqrt(runs_used)
  print(data.frame(mean = mean_over_runs, error = error, runs = runs_used), digits = 4)
}
by_run <- function(table, f) {
  pieces <- split(table, factor(table$run_id, unique(table$run_id)))
  list(numbers = vapply(pieces, f, numeric(1)), runs = table[!duplicated(table$run_id), c("arm", "design_point")])
}
mean_by_run <- function(table, column) {
  found <- by_run(table, function(rows) mean(as.numeric(rows[[column]]), na.rm = TRUE))
  cat("\\nMean of", column, "\\n")
  over_runs(found$numbers, found$runs)
}
"""
ENDINGS = """\
cat("\\nHow therapy ended: share of clients in each arm\\n")
print(round(prop.table(table(clients$arm, clients$ending), 1), 3))
"""
OUTCOME = """\
cat("\\nAlliance at session 3 and residualised change on {scale}: Pearson's r, higher = better (alliance_outcome_r)\\n")
found <- by_run(clients, function(rows) {{
  late <- ifelse(rows$sessions_held >= 4, rows${scale}_last, NA)
  rows$after <- ifelse(is.na(rows${scale}_end), late, rows${scale}_end)
  rows <- na.omit(rows[c("wai_client_s3", "{scale}_intake", "after")])
  if (nrow(rows) < 10) return(NA_real_)
  change <- {better}residuals(lm(after ~ {scale}_intake, rows))
  if (sd(change) < 1e-9 || sd(rows$wai_client_s3) < 1e-9) NA_real_ else cor(change, rows$wai_client_s3)
}})
over_runs(found$numbers, found$runs)
"""
BY_SESSION = """\
cat("\\n{rating} at sessions 1 to 10: mean in each arm\\n")
first_ten <- appointments[!is.na(appointments$session) & appointments$session <= 10, ]
print(round(tapply(first_ten${rating}, list(first_ten$arm, first_ten$session), mean, na.rm = TRUE), 2))
"""
GAPS = """\
cat("\\nClients in the wide form, and how many have a value in each of its columns\\n")
cat(nrow(wide), "clients\\n")
print(colSums(!is.na(wide[grep("_s[0-9]+$", names(wide))])))
"""
END = 'cat("\\n{caution}\\n")\n'


def first_analyses(sheets, *, scale, worse):
    """Return the analyses for the tables in `sheets` (name -> variables) and the symptom scale `scale`.

    `worse` says whether higher is worse on it.
    """
    columns = {table: {each.name for each in known} for table, known in sheets.items()}
    blocks = [
        HELPERS,
        *_of_clients(columns.get("clients", ()), scale, better="-" if worse else ""),
        *_of_sessions(columns.get("appointments", ())),
    ]
    blocks += [GAPS] if "wide" in columns else []
    return "\n".join([*blocks, END.format(caution=CAUTION)])


def _of_clients(columns, scale, *, better):
    blocks = [ENDINGS] if "ending" in columns else []
    names = (*MEANS, f"{scale}_intake", f"{scale}_last")
    means = [f'mean_by_run(clients, "{name}")' for name in names if name in columns]
    blocks += ["\n".join(means) + "\n"] if means else []
    scores = {f"{scale}_{when}" for when in ("intake", "end", "last")}
    if {"wai_client_s3", "sessions_held", *scores} <= set(columns):
        blocks.append(OUTCOME.format(scale=scale, better=better))
    return blocks


def _of_sessions(columns):
    return [BY_SESSION.format(rating=rating) for rating in RATINGS if {rating, "session", "arm"} <= set(columns)]
