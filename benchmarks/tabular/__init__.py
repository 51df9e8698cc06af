"""Tables: how well and how fast ours learns from them beside scikit-learn, and how fast large ones are read.

- `tasks`: the real tables, and what is to be predicted; `contestants`: who predicts it; `large`: a table made here.
- `process`: what a process of its own measures; `results`: the figures as JSON; `report`: the document.
"""
