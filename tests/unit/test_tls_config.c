/* SPDX-License-Identifier: ISC */
/* test_tls_config: what is read and made at start, and what certificates say. */
#include "config.h"

#include "tls/tls_config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "tls/tls_cert_text.h"
#include "tls/tls_self_signed.h"
#include "tls/tls_settings.h"
#include "tls/tls_verify.h"
#include "unit/certificate.h"

#include <dirent.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 128 };

/* A directory of files, and who made them. */
struct rig {
	char dir[PATH_SIZE];
	struct identity authority, leaf;
};

static const struct certificate authority_spec = {
	.name = "Test Authority", .from = -1, .until = 10, .authority = true
};

/* The path of a file of the rig; valid until the next but three. */
static const char *in(const struct rig *rig, const char *name)
{
	static char paths[4][PATH_SIZE + NAME_MAX + 1];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", rig->dir, name);
	return path;
}

static void append_text(const struct rig *rig, const char *name, const char *text)
{
	FILE *file = fopen(in(rig, name), "a");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void write_encrypted(const struct rig *rig)
{
	FILE *file = fopen(in(rig, "locked.key"), "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_PKCS8PrivateKey(file, rig->leaf.key, EVP_aes_128_cbc(), "pass",
						   4, NULL, NULL),
			 1);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct certificate leaf = { .name = "leaf",
				    .names = "DNS:leaf.example",
				    .from = -1,
				    .until = 5,
				    .issuer = &rig->authority };

	snprintf(rig->dir, sizeof(rig->dir), "/tmp/liu-test.XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	rig->authority = certificate_make(&authority_spec);
	rig->leaf = certificate_make(&leaf);
	certificate_write(in(rig, "leaf.pem"), "w", &(struct identity){ rig->leaf.cert, NULL });
	certificate_write(in(rig, "leaf.key"), "w", &(struct identity){ NULL, rig->leaf.key });
	certificate_write(in(rig, "other.key"), "w",
			  &(struct identity){ NULL, rig->authority.key });
	certificate_write(in(rig, "both.pem"), "w", &rig->leaf);
	certificate_write(in(rig, "both.pem"), "a",
			  &(struct identity){ rig->authority.cert, NULL });
	certificate_write(in(rig, "ca.pem"), "w", &(struct identity){ rig->authority.cert, NULL });
	certificate_write(in(rig, "cut.pem"), "w", &(struct identity){ rig->leaf.cert, NULL });
	append_text(rig, "cut.pem",
		    "-----BEGIN CERTIFICATE-----\nAAAA\n"
		    "-----END CERTIFICATE-----\n");
	append_text(rig, "text", "hello\n");
	append_text(rig, "empty", "");
	write_encrypted(rig);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;
	DIR *dir = opendir(rig->dir);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		(void)unlink(in(rig, entry->d_name));
	closedir(dir);
	assert_int_equal(rmdir(rig->dir), 0);
	certificate_free(&rig->authority);
	certificate_free(&rig->leaf);
	free(rig);
	return 0;
}

static void check_fact(const X509 *cert, enum info_key key, const char *expected)
{
	char *text = tls_cert_text_fact(cert, key);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

/* --- memory --- */

/* First of all tests: OpenSSL asks once. */
static void memory_is_allocated_with_base_alloc(void **state)
{
	static const struct tls_settings settings = { .insecure = true };
	struct err err;
	struct tls_config *config = tls_config_client(&settings, &err);
	CRYPTO_malloc_fn allocate;
	CRYPTO_realloc_fn resize;
	CRYPTO_free_fn release;

	(void)state;
	assert_non_null(config);
	CRYPTO_get_mem_functions(&allocate, &resize, &release);
	assert_ptr_not_equal(allocate, CRYPTO_malloc);
	assert_null(OPENSSL_malloc(0));
	assert_null(OPENSSL_realloc(OPENSSL_malloc(8), 0));
	tls_config_free(config);
}

/* --- pins --- */

static void pin_is_sha256_and_64_digits(void **state)
{
	static const char zeros[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	char text[128];

	(void)state;
	snprintf(text, sizeof(text), "sha256:%s", zeros);
	assert_true(tls_verify_pin_valid(text));
	text[10] = 'F';
	text[11] = 'a';
	assert_true(tls_verify_pin_valid(text));
	text[11] = 'g';
	assert_false(tls_verify_pin_valid(text));
	snprintf(text, sizeof(text), "sha256:%s0", zeros);
	assert_false(tls_verify_pin_valid(text));
	snprintf(text, sizeof(text), "sha256:%s", zeros + 1);
	assert_false(tls_verify_pin_valid(text));
	snprintf(text, sizeof(text), "SHA256:%s", zeros);
	assert_false(tls_verify_pin_valid(text));
	assert_false(tls_verify_pin_valid(""));
	assert_false(tls_verify_pin_valid(zeros));
}

/* --- the self-made certificate --- */

static void self_made(const char *const *names, size_t count, X509 **cert, EVP_PKEY **key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct err err;

	assert_true(tls_self_signed_use(ctx, names, count, &err));
	*cert = SSL_CTX_get0_certificate(ctx);
	*key = SSL_CTX_get0_privatekey(ctx);
	X509_up_ref(*cert);
	EVP_PKEY_up_ref(*key);
	SSL_CTX_free(ctx);
}

static void self_made_names_are_complete(void **state)
{
	const char *const more[] = { "a.example",    "10.0.0.1",  "::1",
				     "fe80::1%eth0", "LOCALHOST", "a.example" };
	X509 *cert = NULL;
	EVP_PKEY *key = NULL;
	char host[256] = "";
	char *expected;
	int days, seconds;

	(void)state;
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	self_made(more, sizeof(more) / sizeof(more[0]), &cert, &key);
	expected = alloc_printf("localhost\n127.0.0.1\n::1\n%s%sa.example\n10.0.0.1\nfe80::1\n"
				"LOCALHOST",
				host, host[0] ? "\n" : "");
	check_fact(cert, INFO_PEERCERT_NAMES, expected);
	check_fact(cert, INFO_PEERCERT_SUBJECT, "CN=localhost");
	check_fact(cert, INFO_PEERCERT_ISSUER, "CN=localhost");
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert),
					X509_get0_notAfter(cert)),
			 1);
	assert_int_equal(days, 30);
	assert_int_equal(seconds, 3600);
	assert_true(X509_cmp_current_time(X509_get0_notBefore(cert)) < 0);
	free(expected);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* A client that trusts it accepts it, also with the strictest checks. */
static void self_made_verifies_strictly(void **state)
{
	X509 *cert = NULL;
	EVP_PKEY *key = NULL;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	(void)state;
	self_made(NULL, 0, &cert, &key);
	X509_STORE_add_cert(store, cert);
	X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
	assert_int_equal(X509_STORE_CTX_init(context, store, cert, NULL), 1);
	X509_STORE_CTX_set_default(context, "ssl_server");
	X509_VERIFY_PARAM_set1_ip_asc(X509_STORE_CTX_get0_param(context), "::1");
	assert_int_equal(X509_verify_cert(context), 1);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void self_made_ones_differ(void **state)
{
	X509 *cert[2] = { NULL, NULL };
	EVP_PKEY *key[2] = { NULL, NULL };

	(void)state;
	for (size_t i = 0; i < 2; i++)
		self_made(NULL, 0, &cert[i], &key[i]);
	assert_int_not_equal(EVP_PKEY_eq(key[0], key[1]), 1);
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(cert[0]),
					      X509_get0_serialNumber(cert[1])),
			     0);
	for (size_t i = 0; i < 2; i++) {
		X509_free(cert[i]);
		EVP_PKEY_free(key[i]);
	}
}

static void self_made_refuses_what_is_no_name(void **state)
{
	static const char *const bad[][2] = {
		{ "", "" },	     { "a b", "a b" }, { "ä.example", "ä.example" },
		{ "a\nb", "a\\nb" }, { "1:2", "1:2" },
	};
	struct tls_settings settings = { .cert = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = { .kind = ERR_OK };
		char *expected;

		assert_null(tls_config_server(&settings, &bad[i][0], 1, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		expected = alloc_printf("cannot make a certificate for '%s': not a host name or "
					"IP address",
					bad[i][1]);
		assert_string_equal(err.text, expected);
		free(expected);
	}
}

static void server_without_cert_makes_one(void **state)
{
	struct tls_settings settings = { .cert = NULL };
	struct err err;
	struct tls_config *config = tls_config_server(&settings, NULL, 0, &err);
	char *pin;

	(void)state;
	assert_non_null(config);
	pin = tls_cert_text_pin(SSL_CTX_get0_certificate(config->ctx));
	assert_string_equal(config->pin, pin);
	assert_true(tls_verify_pin_valid(pin));
	free(pin);
	tls_config_free(config);
}

/* --- files --- */

static void server_reads_certificate_chain_and_key(void **state)
{
	struct rig *rig = *state;
	struct tls_settings settings = { .cert = in(rig, "both.pem") };
	struct err err;
	struct tls_config *config = tls_config_server(&settings, NULL, 0, &err);
	STACK_OF(X509) *chain = NULL;

	assert_non_null(config);
	assert_null(config->pin);
	assert_int_equal(X509_cmp(SSL_CTX_get0_certificate(config->ctx), rig->leaf.cert), 0);
	assert_int_equal(SSL_CTX_get0_chain_certs(config->ctx, &chain), 1);
	assert_int_equal(sk_X509_num(chain), 1);
	assert_int_equal(X509_cmp(sk_X509_value(chain, 0), rig->authority.cert), 0);
	tls_config_free(config);
}

static void certificate_may_come_from_a_pipe(void **state)
{
	struct rig *rig = *state;
	int ends[2];
	FILE *file = fopen(in(rig, "both.pem"), "r");
	char data[16 * 1024];
	char path[PATH_SIZE];
	struct tls_settings settings = { .cert = path };
	struct err err;
	struct tls_config *config;
	size_t len;

	assert_non_null(file);
	len = fread(data, 1, sizeof(data), file);
	fclose(file);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], data, len), len);
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	config = tls_config_server(&settings, NULL, 0, &err);
	assert_non_null(config);
	tls_config_free(config);
	close(ends[0]);
}

static void client_has_the_certificate_it_was_given(void **state)
{
	struct rig *rig = *state;
	struct tls_settings own = { .cert = in(rig, "leaf.pem"), .key = in(rig, "leaf.key") };
	struct err err;
	struct tls_config *config = tls_config_client(&own, &err);

	assert_non_null(config);
	assert_null(config->pin);
	assert_int_equal(X509_cmp(SSL_CTX_get0_certificate(config->ctx), rig->leaf.cert), 0);
	tls_config_free(config);
}

static void files_that_do_not_serve_are_named(void **state)
{
	struct rig *rig = *state;
	static const struct {
		const char *cert, *key, *cacert, *capath;
		const char *expected; /* with the directory as # */
	} cases[] = {
		{ .cert = "none",
		  .expected = "cannot use certificate '#none': no such file or directory" },
		{ .cert = "", .expected = "cannot use certificate '#': is a directory" },
		{ .cert = "text",
		  .expected = "cannot use certificate '#text': there is no PEM certificate in it" },
		{ .cert = "empty",
		  .expected =
			  "cannot use certificate '#empty': there is no PEM certificate in it" },
		{ .cert = "leaf.key",
		  .expected =
			  "cannot use certificate '#leaf.key': there is no PEM certificate in it" },
		{ .cert = "cut.pem",
		  .expected = "cannot use certificate '#cut.pem': its chain is malformed" },
		{ .cert = "leaf.pem",
		  .expected = "cannot use key '#leaf.pem': there is no PEM private key in it" },
		{ .cert = "leaf.pem",
		  .key = "none",
		  .expected = "cannot use key '#none': no such file or directory" },
		{ .cert = "leaf.pem",
		  .key = "empty",
		  .expected = "cannot use key '#empty': there is no PEM private key in it" },
		{ .cert = "leaf.pem",
		  .key = "other.key",
		  .expected =
			  "cannot use key '#other.key': it does not belong to the certificate" },
		{ .cert = "leaf.pem",
		  .key = "locked.key",
		  .expected = "cannot use key '#locked.key': it is encrypted with a passphrase" },
		{ .cacert = "none",
		  .expected = "cannot use CA file '#none': no such file or directory" },
		{ .cacert = "text",
		  .expected = "cannot use CA file '#text': there is no PEM certificate in it" },
		{ .cacert = "empty",
		  .expected = "cannot use CA file '#empty': there is no PEM certificate in it" },
		{ .cacert = "cut.pem",
		  .expected = "cannot use CA file '#cut.pem': its chain is malformed" },
		{ .capath = "none",
		  .expected = "cannot use CA directory '#none': no such file or directory" },
		{ .capath = "text",
		  .expected = "cannot use CA directory '#text': not a directory" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_settings settings = {
			.cert = cases[i].cert ? in(rig, cases[i].cert) : NULL,
			.key = cases[i].key ? in(rig, cases[i].key) : NULL,
			.cacert = cases[i].cacert ? in(rig, cases[i].cacert) : NULL,
			.capath = cases[i].capath ? in(rig, cases[i].capath) : NULL,
		};
		const char *mark = strchr(cases[i].expected, '#');
		char *expected = alloc_printf("%.*s%s/%s", (int)(mark - cases[i].expected),
					      cases[i].expected, rig->dir, mark + 1);
		struct err err = { .kind = ERR_OK };

		assert_null(tls_config_client(&settings, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, expected);
		assert_int_equal(ERR_peek_error(), 0);
		free(expected);
	}
}

/* --- facts --- */

static void facts_are_text_of_one_line(void **state)
{
	struct certificate spec = { .name = "J\xC3\xB6rg, \x1B[31m",
				    .names = "DNS:a.example,IP:10.0.0.1,IP:2001:db8::1,"
					     "email:x@y.example,DNS:b.example",
				    .from = -2,
				    .until = 3 };
	struct identity made = certificate_make(&spec);

	(void)state;
	check_fact(made.cert, INFO_PEERCERT_NAMES, "a.example\n10.0.0.1\n2001:db8::1\nb.example");
	check_fact(made.cert, INFO_PEERCERT_SUBJECT, "CN=J\xC3\xB6rg\\, \\1B[31m");
	check_fact(made.cert, INFO_PEERCERT_DAYS_LEFT, "3");
	certificate_free(&made);
}

static void facts_of_a_certificate_that_has_ended(void **state)
{
	struct certificate spec = { .name = "old.example", .from = -9, .until = 0 };
	struct identity made = certificate_make(&spec);

	(void)state;
	X509_time_adj_ex(X509_getm_notAfter(made.cert), 0, -60, NULL);
	check_fact(made.cert, INFO_PEERCERT_DAYS_LEFT, "-1");
	check_fact(made.cert, INFO_PEERCERT_NAMES, "old.example");
	ASN1_TIME_set_string(X509_getm_notAfter(made.cert), "20240501123456Z");
	check_fact(made.cert, INFO_PEERCERT_NOT_AFTER, "2024-05-01T12:34:56Z");
	certificate_free(&made);
}

/* A name cannot pass for two. */
static void names_with_line_ends_are_made_visible(void **state)
{
	struct identity made = certificate_make(&authority_spec);
	GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	(void)state;
	ASN1_STRING_set(text, "a\nb\0c", 5);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	sk_GENERAL_NAME_push(list, name);
	assert_int_equal(X509_add1_ext_i2d(made.cert, NID_subject_alt_name, list, 0, 0), 1);
	check_fact(made.cert, INFO_PEERCERT_NAMES, "a\\nb\\x00c");
	GENERAL_NAMES_free(list);
	certificate_free(&made);
}

static void pem_is_what_was_written(void **state)
{
	struct rig *rig = *state;
	FILE *file = fopen(in(rig, "leaf.pem"), "r");
	char data[8 * 1024];
	size_t len;

	assert_non_null(file);
	len = fread(data, 1, sizeof(data) - 1, file);
	fclose(file);
	assert_true(len > 0);
	data[len - 1] = '\0'; /* without its last newline */
	check_fact(rig->leaf.cert, INFO_PEERCERT, data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_allocated_with_base_alloc),
		cmocka_unit_test(pin_is_sha256_and_64_digits),
		cmocka_unit_test(self_made_names_are_complete),
		cmocka_unit_test(self_made_verifies_strictly),
		cmocka_unit_test(self_made_ones_differ),
		cmocka_unit_test(self_made_refuses_what_is_no_name),
		cmocka_unit_test(server_without_cert_makes_one),
		cmocka_unit_test_setup_teardown(server_reads_certificate_chain_and_key, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(certificate_may_come_from_a_pipe, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(client_has_the_certificate_it_was_given, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(files_that_do_not_serve_are_named, set_up,
						tear_down),
		cmocka_unit_test(facts_are_text_of_one_line),
		cmocka_unit_test(facts_of_a_certificate_that_has_ended),
		cmocka_unit_test(names_with_line_ends_are_made_visible),
		cmocka_unit_test_setup_teardown(pem_is_what_was_written, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
