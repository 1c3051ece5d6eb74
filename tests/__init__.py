"""The tests mirror the house: tests/unit/<same path>/test_<module>.py, and the rest by purpose."""
