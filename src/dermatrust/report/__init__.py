"""Tables to one static HTML file with inline SVG."""

from dermatrust.report.pages import Candidate, CasePage
from dermatrust.report.write import write_report, write_trust_report

__all__ = ["Candidate", "CasePage", "write_report", "write_trust_report"]
