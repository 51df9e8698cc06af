"""What a run has come to, as a page that a person reads: gathered, kept as data, written again any time."""

from chainrule.tables.report.data import ColumnEntry, Distribution, FindingEntry, Report, RunPart, SplitPart
from chainrule.tables.report.gather import data_part, model_part, target_part, training_part
from chainrule.tables.report.importance import importance_part
from chainrule.tables.report.mistakes import mistakes_part
from chainrule.tables.report.page import DATA, PAGE, rewrite_report, write_report
from chainrule.tables.report.pictures import write_pictures

__all__ = [
    "DATA",
    "PAGE",
    "ColumnEntry",
    "Distribution",
    "FindingEntry",
    "Report",
    "RunPart",
    "SplitPart",
    "data_part",
    "importance_part",
    "mistakes_part",
    "model_part",
    "rewrite_report",
    "target_part",
    "training_part",
    "write_pictures",
    "write_report",
]
