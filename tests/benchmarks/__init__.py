"""Speed and memory, measured beside other programs. Never part of a test.

    packaging/test bench                       every scenario, and the page at the end
    packaging/test bench -- seal random        these, in full
    packaging/test bench -- --quick            all, small: does it still run?
    packaging/test bench -- --page             nothing is measured, the page is written again

One scenario is one module `bench_<name>.py` with `TITLE` and `run(setting) -> Outcome`.
"""
