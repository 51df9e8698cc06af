"""Compiling functions: capture, guards, retracing, calling what was compiled."""
