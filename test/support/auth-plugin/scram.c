/*
 * A plugin of mosquitto 2.0: enhanced authentication (MQTT 5.0, section 4.12) with SCRAM-SHA-1, -256 and -512, the
 * server's side of RFC 5802, for tests of the client's. scram-plugin.ts compiles and configures it.
 *
 *   plugin_opt_user alice:secret         a user, as often as needed; both as SASLprep leaves them
 *   plugin_opt_iterations 4096
 *   plugin_opt_final success             where the server's last message goes: with the success; "continue": in an
 *                                        AUTH of its own before it; "wrong": with a signature that is not the
 *                                        server's; "missing": nowhere
 *
 * A method that it does not know it leaves to others, of which there are none: mosquitto answers 0x8C.
 */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SALT = 16, NONCE = 18, NONCE_TEXT = 24, MESSAGE = 2048 };

struct user {
  char *name;
  char *password;
  struct user *next;
};

enum final_message { FINAL_SUCCESS, FINAL_CONTINUE, FINAL_WRONG, FINAL_MISSING };

/* What is under way with one client, from its first message to ours that is the last. */
struct exchange {
  struct mosquitto *client;
  const EVP_MD *hash;
  const struct user *user;
  unsigned char salt[SALT];
  char client_first[MESSAGE];
  char server_first[MESSAGE];
  char nonce[MESSAGE];
  bool proven;
  struct exchange *next;
};

static mosquitto_plugin_id_t *plugin;
static struct user *users;
static struct exchange *exchanges;
static int iterations = 4096;
static enum final_message final_message = FINAL_SUCCESS;

static const EVP_MD *hash_of(const char *method) {
  if (!strcmp(method, "SCRAM-SHA-1")) return EVP_sha1();
  if (!strcmp(method, "SCRAM-SHA-256")) return EVP_sha256();
  if (!strcmp(method, "SCRAM-SHA-512")) return EVP_sha512();
  return NULL;
}

static void forget(const struct mosquitto *client) {
  struct exchange **at = &exchanges;
  while (*at) {
    struct exchange *exchange = *at;
    if (exchange->client == client) {
      *at = exchange->next;
      free(exchange);
    } else {
      at = &exchange->next;
    }
  }
}

/* A copy that mosquitto frees. */
static int say(struct mosquitto_evt_extended_auth *event, const char *text, int result) {
  size_t length = strlen(text);
  event->data_out = malloc(length);
  if (!event->data_out) return MOSQ_ERR_NOMEM;
  memcpy(event->data_out, text, length);
  event->data_out_len = (uint16_t)length;
  return result;
}

/* What the client sent as a string, or false when it cannot be one. */
static bool hear(const struct mosquitto_evt_extended_auth *event, char *text) {
  if (event->data_in_len == 0 || event->data_in_len >= MESSAGE) return false;
  if (memchr(event->data_in, 0, event->data_in_len)) return false;
  memcpy(text, event->data_in, event->data_in_len);
  text[event->data_in_len] = 0;
  return true;
}

/* "=2C" and "=3D" back to "," and "=", in place; false for any other "=" (RFC 5802, section 5.1). */
static bool unescape(char *name) {
  char *to = name;
  for (const char *from = name; *from; from++) {
    if (*from != '=') {
      *to++ = *from;
    } else if (!strncmp(from, "=2C", 3)) {
      *to++ = ',';
      from += 2;
    } else if (!strncmp(from, "=3D", 3)) {
      *to++ = '=';
      from += 2;
    } else {
      return false;
    }
  }
  *to = 0;
  return true;
}

static const struct user *find_user(const char *name) {
  for (const struct user *user = users; user; user = user->next) {
    if (!strcmp(user->name, name)) return user;
  }
  return NULL;
}

/* "n,,n=name,r=nonce": says "r=nonce+ours,s=salt,i=iterations". */
static int on_start(int event_type, void *data, void *userdata) {
  (void)event_type;
  (void)userdata;
  struct mosquitto_evt_extended_auth *event = data;
  const EVP_MD *hash = hash_of(event->auth_method);
  if (!hash) return MOSQ_ERR_NOT_SUPPORTED;

  char message[MESSAGE];
  if (!hear(event, message) || strncmp(message, "n,,n=", 5)) return MOSQ_ERR_AUTH;
  char name[MESSAGE];
  strcpy(name, message + 5);
  char *nonce = strstr(name, ",r=");
  if (!nonce) return MOSQ_ERR_AUTH;
  *nonce = 0;
  nonce += 3;
  if (!*nonce || strchr(nonce, ',') || strlen(nonce) > 256 || !unescape(name)) return MOSQ_ERR_AUTH;
  const struct user *user = find_user(name);
  if (!user) return MOSQ_ERR_AUTH;

  forget(event->client);
  struct exchange *exchange = calloc(1, sizeof *exchange);
  if (!exchange) return MOSQ_ERR_NOMEM;
  exchange->client = event->client;
  exchange->hash = hash;
  exchange->user = user;
  exchange->next = exchanges;
  exchanges = exchange;
  strcpy(exchange->client_first, message + 3);

  /* The same at each exchange, as that of a stored password is, so that a client can keep what it derived. */
  unsigned char salt[EVP_MAX_MD_SIZE];
  if (!EVP_Digest(name, strlen(name), salt, NULL, EVP_sha256(), NULL)) return MOSQ_ERR_UNKNOWN;
  memcpy(exchange->salt, salt, SALT);
  unsigned char random[NONCE];
  if (RAND_bytes(random, NONCE) != 1) return MOSQ_ERR_UNKNOWN;
  unsigned char ours[NONCE_TEXT + 1];
  EVP_EncodeBlock(ours, random, NONCE);
  unsigned char salt_text[SALT * 2];
  EVP_EncodeBlock(salt_text, exchange->salt, SALT);
  snprintf(exchange->nonce, MESSAGE, "%s%s", nonce, ours);
  snprintf(exchange->server_first, MESSAGE, "r=%.512s,s=%s,i=%d", exchange->nonce, salt_text, iterations);
  return say(event, exchange->server_first, MOSQ_ERR_AUTH_CONTINUE);
}

static void sign(const EVP_MD *hash, const unsigned char *key, const char *text, unsigned char *out) {
  HMAC(hash, key, EVP_MD_size(hash), (const unsigned char *)text, strlen(text), out, NULL);
}

/* "c=biws,r=nonce,p=proof": whether the proof is right, and if so what we prove ourselves with. */
static bool prove(const struct exchange *exchange, const char *message, unsigned char *server_signature) {
  const EVP_MD *hash = exchange->hash;
  const size_t size = (size_t)EVP_MD_size(hash);
  const char *proof = strstr(message, ",p=");
  if (!proof) return false;
  char without_proof[MESSAGE];
  snprintf(without_proof, sizeof without_proof, "%.*s", (int)(proof - message), message);
  char expected[MESSAGE + 16];
  snprintf(expected, sizeof expected, "c=biws,r=%s", exchange->nonce);
  if (strcmp(without_proof, expected)) return false;

  /* Base64 comes in fours, and decodes with the padding as zeros. */
  proof += 3;
  const size_t length = (size + 2) / 3 * 4;
  unsigned char given[EVP_MAX_MD_SIZE + 3];
  if (strlen(proof) != length || EVP_DecodeBlock(given, (const unsigned char *)proof, (int)length) < (int)size) return false;

  static char conversation[3 * MESSAGE];
  snprintf(conversation, sizeof conversation, "%s,%s,%s", exchange->client_first, exchange->server_first, without_proof);
  const char *password = exchange->user->password;
  unsigned char salted[EVP_MAX_MD_SIZE], client_key[EVP_MAX_MD_SIZE], server_key[EVP_MAX_MD_SIZE];
  unsigned char stored_key[EVP_MAX_MD_SIZE], client_signature[EVP_MAX_MD_SIZE];
  if (!PKCS5_PBKDF2_HMAC(password, (int)strlen(password), exchange->salt, SALT, iterations, hash, (int)size, salted)) {
    return false;
  }
  sign(hash, salted, "Client Key", client_key);
  sign(hash, salted, "Server Key", server_key);
  if (!EVP_Digest(client_key, size, stored_key, NULL, hash, NULL)) return false;
  sign(hash, stored_key, conversation, client_signature);
  sign(hash, server_key, conversation, server_signature);
  for (size_t i = 0; i < size; i++) given[i] ^= client_signature[i];
  return CRYPTO_memcmp(given, client_key, size) == 0;
}

static int on_continue(int event_type, void *data, void *userdata) {
  (void)event_type;
  (void)userdata;
  struct mosquitto_evt_extended_auth *event = data;
  struct exchange *exchange = exchanges;
  while (exchange && exchange->client != event->client) exchange = exchange->next;
  if (!exchange) return MOSQ_ERR_AUTH;

  int result = MOSQ_ERR_AUTH;
  char message[MESSAGE];
  unsigned char signature[EVP_MAX_MD_SIZE];
  if (exchange->proven) {
    /* The client has seen our last message, and has nothing to add. */
    if (event->data_in_len == 0) result = MOSQ_ERR_SUCCESS;
  } else if (hear(event, message) && prove(exchange, message, signature)) {
    if (final_message == FINAL_WRONG) signature[0] ^= 1;
    char text[2 + EVP_MAX_MD_SIZE * 2] = "v=";
    EVP_EncodeBlock((unsigned char *)text + 2, signature, EVP_MD_size(exchange->hash));
    if (final_message == FINAL_CONTINUE) {
      exchange->proven = true;
      return say(event, text, MOSQ_ERR_AUTH_CONTINUE);
    }
    result = final_message == FINAL_MISSING ? MOSQ_ERR_SUCCESS : say(event, text, MOSQ_ERR_SUCCESS);
  }
  if (result == MOSQ_ERR_SUCCESS) mosquitto_set_username(event->client, exchange->user->name);
  forget(event->client);
  return result;
}

static int on_disconnect(int event_type, void *data, void *userdata) {
  (void)event_type;
  (void)userdata;
  forget(((struct mosquitto_evt_disconnect *)data)->client);
  return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int *versions) {
  for (int i = 0; i < count; i++) {
    if (versions[i] == 5) return 5;
  }
  return -1;
}

static int configure(const char *key, const char *value) {
  if (!strcmp(key, "user")) {
    const char *colon = strchr(value, ':');
    struct user *user = calloc(1, sizeof *user);
    if (!colon || !user) return MOSQ_ERR_INVAL;
    user->name = strndup(value, (size_t)(colon - value));
    user->password = strdup(colon + 1);
    user->next = users;
    users = user;
  } else if (!strcmp(key, "iterations")) {
    iterations = atoi(value);
  } else if (!strcmp(key, "final") && !strcmp(value, "success")) {
    final_message = FINAL_SUCCESS;
  } else if (!strcmp(key, "final") && !strcmp(value, "continue")) {
    final_message = FINAL_CONTINUE;
  } else if (!strcmp(key, "final") && !strcmp(value, "wrong")) {
    final_message = FINAL_WRONG;
  } else if (!strcmp(key, "final") && !strcmp(value, "missing")) {
    final_message = FINAL_MISSING;
  } else {
    mosquitto_log_printf(MOSQ_LOG_ERR, "scram: plugin_opt_%s %s is not an option", key, value);
    return MOSQ_ERR_INVAL;
  }
  return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count) {
  (void)userdata;
  plugin = identifier;
  for (int i = 0; i < count; i++) {
    int result = configure(options[i].key, options[i].value);
    if (result != MOSQ_ERR_SUCCESS) return result;
  }
  mosquitto_callback_register(plugin, MOSQ_EVT_EXT_AUTH_START, on_start, NULL, NULL);
  mosquitto_callback_register(plugin, MOSQ_EVT_EXT_AUTH_CONTINUE, on_continue, NULL, NULL);
  return mosquitto_callback_register(plugin, MOSQ_EVT_DISCONNECT, on_disconnect, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count) {
  (void)userdata;
  (void)options;
  (void)count;
  mosquitto_callback_unregister(plugin, MOSQ_EVT_EXT_AUTH_START, on_start, NULL);
  mosquitto_callback_unregister(plugin, MOSQ_EVT_EXT_AUTH_CONTINUE, on_continue, NULL);
  mosquitto_callback_unregister(plugin, MOSQ_EVT_DISCONNECT, on_disconnect, NULL);
  while (exchanges) forget(exchanges->client);
  while (users) {
    struct user *user = users;
    users = user->next;
    free(user->name);
    free(user->password);
    free(user);
  }
  return MOSQ_ERR_SUCCESS;
}
