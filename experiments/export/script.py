"""The script in R that comes with an export: it opens every table with the right types, and makes a first few analyses.

It needs base R for CSV, haven for SPSS and Stata, arrow or nanoparquet for Parquet. A factor has the levels that
the data dictionary declares, in its order, whether or not anybody is in them.
"""

import re

from experiments.export.analyses import first_analyses
from experiments.export.readme import CAUTION

TYPES = {"int": "whole", "number": "number", "bool": "yes_no", "text": "text"}
HEAD = """\
# Opens the tables of {name} and makes a first few analyses. Rscript analysis.R, or line by line from this folder.
# {caution}

file_argument <- grep("^--file=", commandArgs(FALSE), value = TRUE)
folder <- "."
if (!file.exists("export.json") && length(file_argument) == 1) {{
  folder <- dirname(gsub("~+~", " ", sub("^--file=", "", file_argument), fixed = TRUE))
}}
"""
READERS = {
    "csv": """\
# Types: whole, number, yes_no (0 and 1 become FALSE and TRUE), text. An apostrophe before = + - @ only keeps
# spreadsheets from taking a text for a formula; it is taken off. The seed is text: R's numbers have 15 digits.
read_table <- function(name, types, levels = list()) {
  stored <- c(whole = "integer", number = "numeric", yes_no = "integer", text = "character")
  table <- read.csv(file.path(folder, paste0(name, ".csv")), colClasses = unname(stored[types]), na.strings = "",
                    encoding = "UTF-8", check.names = FALSE)
  for (column in names(types)[types == "yes_no"]) table[[column]] <- table[[column]] == 1L
  for (column in names(types)[types == "text"]) {
    table[[column]] <- sub("^'('*[-=+@\\t\\r\\n])", "\\\\1", table[[column]])
  }
  for (column in names(levels)) table[[column]] <- factor(table[[column]], levels[[column]])
  table
}
""",
    "sav": """\
# Types: whole, number, yes_no (0 and 1 become FALSE and TRUE), text. Codes with value labels become factors.
read_table <- function(name, types, levels = list()) {
  table <- as.data.frame(haven::{reader}(file.path(folder, paste0(name, ".{form}"))))
  for (column in names(types)[types == "whole"]) table[[column]] <- as.integer(table[[column]])
  for (column in names(types)[types == "number"]) table[[column]] <- as.numeric(table[[column]])
  for (column in names(types)[types == "yes_no"]) table[[column]] <- as.numeric(table[[column]]) == 1
  for (column in names(levels)) {
    codes <- as.integer(table[[column]])
    table[[column]] <- factor(codes, seq_along(levels[[column]]), levels[[column]])
  }
  for (column in setdiff(names(types)[types == "text"], names(levels))) {
    table[[column]] <- as.character(table[[column]])
    table[[column]][table[[column]] == ""] <- NA
  }
  table
}
""",
    "parquet": """\
read_parquet <- if (requireNamespace("arrow", quietly = TRUE)) arrow::read_parquet else nanoparquet::read_parquet
read_table <- function(name, types, levels = list()) {
  table <- as.data.frame(read_parquet(file.path(folder, paste0(name, ".parquet"))))
  for (column in names(levels)) table[[column]] <- factor(table[[column]], levels[[column]])
  table
}
""",
}


def text(name, *, form, sheets, scale, worse):
    """Return the script; `sheets` maps each table to its variables, `scale` is the symptom scale of the outcomes.

    `worse` says whether higher is worse on it.
    """
    head = HEAD.format(name=name, caution=CAUTION)
    reads = [_read(table, known) for table, known in sheets.items()]
    return "\n".join([head, _reader(form), *reads, first_analyses(sheets, scale=scale, worse=worse)])


def quoted(word):
    """Return a word as a string in R."""
    return '"' + str(word).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'


def _reader(form):
    if form == "dta":
        form, program = "sav", ("read_dta", "dta")
    else:
        program = ("read_sav", "sav")
    return READERS[form].replace("{reader}", program[0]).replace("{form}", program[1])


def _read(table, known):
    """Return the lines that read one table."""
    types = [f"  {_name(each.name)} = {quoted(_type(each))}" for each in known]
    factors = [each for each in known if each.type == "text" and each.values]
    levels = [f"  {_name(each.name)} = c({_list(each.values)})" for each in factors]
    parts = [quoted(table), "c(\n" + ",\n".join(types) + "\n)"]
    parts += ["list(\n" + ",\n".join(levels) + "\n)"] if levels else []
    return f"{_name(table)} <- read_table({', '.join(parts)})\n"


def _type(variable):
    return "text" if variable.is_long else TYPES[variable.type]


def _list(words):
    return ", ".join(quoted(word) for word in words)


def _name(name):
    """Return a name as R takes it: in backticks, unless it is plainly none of R's own words."""
    return name if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+|[a-z]+s|arm|ending|week|wide", name) else f"`{name}`"
