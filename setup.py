"""Compiles the C engine with the package; everything else about the package stands in pyproject.toml."""

from setuptools import setup

setup(cffi_modules=["drivers/_native/build.py:ffibuilder"])
