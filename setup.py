"""Builds the compiled kernels; where there is no compiler, the installation goes on without."""

import platform
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCES = sorted(str(path) for path in Path("ditherlab/kernels/source").glob("*.cpp"))
HEADERS = sorted(str(path) for path in Path("ditherlab/kernels/source").glob("*.hpp"))

# `-march=native` would make a library that other machines cannot run. What changes results, such
# as `-ffast-math`, is left out.
UNIX_FLAGS = ["-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden"]
MSVC_FLAGS = ["/std:c++17", "/O2", "/EHsc"]
VARIANTS = {"_compiled": ([], [])}
if platform.machine().lower() in ("x86_64", "amd64"):
    VARIANTS["_compiled_x86_64_v3"] = (["-march=x86-64-v3"], ["/arch:AVX2"])

# Python without its global lock has no stable interface, and its wheels are refused with this tag.
IS_STABLE = not sysconfig.get_config_var("Py_GIL_DISABLED")


class BuildKernels(build_ext):
    """Passes each compiler its own flags."""

    def finalize_options(self) -> None:
        """Build one variant after the other, as they write the same object files."""
        super().finalize_options()
        self.parallel = None

    def build_extension(self, ext: Extension) -> None:
        """Compile one variant."""
        unix, msvc = VARIANTS[ext.name.rpartition(".")[2]]
        if self.compiler.compiler_type == "msvc":
            ext.extra_compile_args = [*MSVC_FLAGS, *msvc]
        else:
            ext.extra_compile_args = [*UNIX_FLAGS, "-Wno-psabi", "-pthread", *unix]
            ext.extra_link_args = [] if sys.platform == "win32" else ["-pthread"]
        super().build_extension(ext)

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """Return none: the library is loaded by ctypes, and is no module."""
        return []


setup(
    ext_modules=[
        Extension(
            f"ditherlab.kernels.{name}",
            SOURCES,
            depends=HEADERS,
            language="c++",
            optional=True,
            py_limited_api=IS_STABLE,
        )
        for name in VARIANTS
    ],
    cmdclass={"build_ext": BuildKernels},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if IS_STABLE else {},
)
