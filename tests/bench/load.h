/* SPDX-License-Identifier: ISC */
/* load: the subcommands of the load generator. */
#pragma once

/* argv[0] is the subcommand; argc has been checked against the table in load.c. */
void load_pingpong(int argc, char **argv);
void load_short(int argc, char **argv);
void load_ended(int argc, char **argv);
void load_handshakes(int argc, char **argv);
void load_broker(int argc, char **argv);
void load_roundtrip(int argc, char **argv);
void load_idle(int argc, char **argv);
void load_produce(int argc, char **argv);
void load_consume(int argc, char **argv);
void load_lines(int argc, char **argv);
void load_drip(int argc, char **argv);
void load_respond(int argc, char **argv);
void load_spawn(int argc, char **argv);
