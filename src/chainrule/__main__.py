"""`python -m chainrule`: the command, where the script of that name is not on the path."""

from chainrule_command import main

main()
