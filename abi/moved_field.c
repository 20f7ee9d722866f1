/* SPDX-License-Identifier: Apache-2.0 */
/* Must not compile: the tests check that a field that moves is caught. */
#include "abi/command_list.h"

MW_OFFSET(mw_command, value, 8);
