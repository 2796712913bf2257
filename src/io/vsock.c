/* SPDX-License-Identifier: ISC */
/* vsock: the addresses of AF_VSOCK, where the system has it. */
#include "config.h"

#include "io/vsock.h"

#include "io/sockaddr.h"

#include <string.h>

#if __has_include(<linux/vm_sockets.h>)
#include <linux/vm_sockets.h>

bool vsock_supported(void)
{
	return true;
}

bool vsock_fill(uint32_t cid, uint32_t port, struct socket_address *out)
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK,
		.svm_port = port != 0 ? port : VMADDR_PORT_ANY,
		.svm_cid = cid,
	};

	*out = sockaddr_of((struct sockaddr *)&addr, sizeof(addr));
	return true;
}

bool vsock_read(const struct sockaddr_storage *addr, uint32_t *cid, uint32_t *port)
{
	struct sockaddr_vm copy;

	if (addr->ss_family != AF_VSOCK)
		return false;
	memcpy(&copy, addr, sizeof(copy));
	*cid = copy.svm_cid == VSOCK_CID_ANY ? VSOCK_CID_LOCAL : copy.svm_cid;
	*port = copy.svm_port == VMADDR_PORT_ANY ? 0 : copy.svm_port;
	return true;
}

#else

bool vsock_supported(void)
{
	return false;
}

bool vsock_fill(uint32_t cid, uint32_t port, struct socket_address *out)
{
	(void)cid;
	(void)port;
	(void)out;
	return false;
}

bool vsock_read(const struct sockaddr_storage *addr, uint32_t *cid, uint32_t *port)
{
	(void)addr;
	(void)cid;
	(void)port;
	return false;
}

#endif
