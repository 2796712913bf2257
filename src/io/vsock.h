/* SPDX-License-Identifier: ISC */
/* vsock: the addresses of AF_VSOCK, where the system has it. */
#ifndef LIU_IO_VSOCK_H
#define LIU_IO_VSOCK_H

/* So that no other module needs to know whether <linux/vm_sockets.h> is there. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct socket_address;

enum { VSOCK_CID_LOCAL = 1 };
#define VSOCK_CID_ANY UINT32_MAX

bool vsock_supported(void);

/* Port 0 lets the kernel pick, as everywhere else. False when the system has no
 * AF_VSOCK. */
bool vsock_fill(uint32_t cid, uint32_t port, struct socket_address *out);

/* False when `addr` is not of AF_VSOCK. Where it is bound to any CID, `*cid` is the
 * one that connects on this machine. */
bool vsock_read(const struct sockaddr_storage *addr, uint32_t *cid, uint32_t *port);

#endif
