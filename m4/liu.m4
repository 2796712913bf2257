# SPDX-License-Identifier: ISC
# liu.m4: probes for compiler flags and packages.

# LIU_TRY_CFLAG(FLAG, [IF-ACCEPTED]): add FLAG to LIU_CFLAGS when the compiler
# takes it without a warning. The system header makes _FORTIFY_SOURCE complain
# here, and not in every file, when the user's CFLAGS do not optimise.
AC_DEFUN([LIU_TRY_CFLAG], [
AS_VAR_PUSHDEF([cache], [liu_cv_cflag_$1])dnl
AC_CACHE_CHECK([whether $CC accepts $1], [cache], [
	liu_saved_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]])],
		[AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
	CFLAGS=$liu_saved_CFLAGS])
AS_VAR_IF([cache], [yes], [LIU_CFLAGS="$LIU_CFLAGS $1"; m4_default([$2], [:])])
AS_VAR_POPDEF([cache])dnl
])

AC_DEFUN([LIU_TRY_CFLAGS], [m4_foreach_w([liu_flag], [$1], [LIU_TRY_CFLAG(m4_defn([liu_flag]))])])

# LIU_TRY_LDFLAGS(FLAGS): the same for LIU_LDFLAGS, each by linking a program.
AC_DEFUN([LIU_TRY_LDFLAG], [
AS_VAR_PUSHDEF([cache], [liu_cv_ldflag_$1])dnl
AC_CACHE_CHECK([whether the linker accepts $1], [cache], [
	liu_saved_LDFLAGS=$LDFLAGS liu_saved_CFLAGS=$CFLAGS
	LDFLAGS="$LDFLAGS $1" CFLAGS="$CFLAGS $LIU_CFLAGS -Werror"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()],
		[AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
	LDFLAGS=$liu_saved_LDFLAGS CFLAGS=$liu_saved_CFLAGS])
AS_VAR_IF([cache], [yes], [LIU_LDFLAGS="$LIU_LDFLAGS $1"])
AS_VAR_POPDEF([cache])dnl
])

AC_DEFUN([LIU_TRY_LDFLAGS], [m4_foreach_w([liu_flag], [$1], [LIU_TRY_LDFLAG(m4_defn([liu_flag]))])])

# LIU_NEED(VARIABLE, MODULES, DEBIAN-PACKAGE): PKG_CHECK_MODULES that notes
# what is missing, so that LIU_NEED_REPORT can name everything at once.
AC_DEFUN([LIU_NEED], [
PKG_CHECK_MODULES([$1], [$2], [], [
	AC_MSG_RESULT([no])
	AS_ECHO(["$as_me: missing: $2 (Debian and Ubuntu: $3)"]) >&2
	liu_missing="$liu_missing $3"])
])

AC_DEFUN([LIU_NEED_REPORT], [
AS_IF([test -n "$liu_missing"], [AC_MSG_ERROR([libraries are missing; on Debian and Ubuntu:
    apt-get install$liu_missing
or let ./bootstrap do it.])])
])
