# SPDX-License-Identifier: ISC
# configs.py: the files that servers without command-line options read.

# One thread each, as liu has.
HAPROXY = """\
global
    nbthread 1
    maxconn 4000
    tune.ssl.default-dh-param 2048
defaults
    mode tcp
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    {splice}
listen bench
    bind 127.0.0.1:{{port}} backlog 4096 {ssl}
    server backend 127.0.0.1:{{backend}}
"""
HAPROXY_COPY = HAPROXY.format(splice="", ssl="")
HAPROXY_SPLICE = HAPROXY.format(splice="option splice-request\n    option splice-response", ssl="")
HAPROXY_TLS = HAPROXY.format(splice="", ssl="ssl crt {pem}")

NGINX = """\
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
master_process off;
pid /dev/null;
error_log /dev/null;
events {{ worker_connections 4000; }}
stream {{ server {{ listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{backend}; }} }}
"""

STUNNEL = """\
foreground = yes
pid =
syslog = no
debug = 3
[bench]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{backend}
cert = {pem}
"""
