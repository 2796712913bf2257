/* SPDX-License-Identifier: ISC */
/* relay: joins the connection with standard input and output, and decides how that ends. */
#ifndef LIU_SESSION_RELAY_H
#define LIU_SESSION_RELAY_H

struct relay;

void relay_free(struct relay *relay); /* NULL is allowed */

#endif
