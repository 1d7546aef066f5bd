#include "CLibcrypto.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>

// The part of <openssl/evp.h> that is called.
enum { CONTROL_SET_NONCE_LENGTH = 0x9, CONTROL_SET_TAG = 0x11 };

static struct {
    void *(*context_new)(void);
    void (*context_free)(void *);
    const void *(*aes_128_ccm)(void);
    const void *(*aes_256_ccm)(void);
    int (*init)(void *context, const void *cipher, void *engine, const uint8_t *key, const uint8_t *nonce);
    int (*control)(void *context, int type, int argument, void *pointer);
    int (*update)(void *context, uint8_t *out, int *out_count, const uint8_t *in, int in_count);
    int is_whole;
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *handle = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) handle = dlopen("libcrypto.so.1.1", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return;
    library.context_new = (void *(*)(void))dlsym(handle, "EVP_CIPHER_CTX_new");
    library.context_free = (void (*)(void *))dlsym(handle, "EVP_CIPHER_CTX_free");
    library.aes_128_ccm = (const void *(*)(void))dlsym(handle, "EVP_aes_128_ccm");
    library.aes_256_ccm = (const void *(*)(void))dlsym(handle, "EVP_aes_256_ccm");
    library.init = (int (*)(void *, const void *, void *, const uint8_t *, const uint8_t *))dlsym(
        handle, "EVP_DecryptInit_ex");
    library.control = (int (*)(void *, int, int, void *))dlsym(handle, "EVP_CIPHER_CTX_ctrl");
    library.update = (int (*)(void *, uint8_t *, int *, const uint8_t *, int))dlsym(handle, "EVP_DecryptUpdate");
    library.is_whole = library.context_new && library.context_free && library.aes_128_ccm && library.aes_256_ccm &&
                       library.init && library.control && library.update;
}

int farwatch_ccm_is_available(void) {
    pthread_once(&once, load);
    return library.is_whole;
}

int farwatch_ccm_open(
    const uint8_t *key, size_t key_count, const uint8_t *nonce, const uint8_t *additional, size_t additional_count,
    const uint8_t *sealed, size_t count, size_t tag_count, uint8_t *opened) {
    if (!farwatch_ccm_is_available() || count > INT_MAX || additional_count > INT_MAX || tag_count > 16) return 0;
    if (key_count != 16 && key_count != 32) return 0;
    void *context = library.context_new();
    if (context == NULL) return 0;
    const void *cipher = key_count == 16 ? library.aes_128_ccm() : library.aes_256_ccm();
    int length = 0;
    // The order is CCM's: the lengths of nonce, tag and content, which the tag covers, come before the bytes. The last step opens
    // and compares in one.
    int is_authentic =
        library.init(context, cipher, NULL, NULL, NULL) == 1 &&
        library.control(context, CONTROL_SET_NONCE_LENGTH, 12, NULL) == 1 &&
        library.control(context, CONTROL_SET_TAG, (int)tag_count, (void *)(sealed + count)) == 1 &&
        library.init(context, NULL, NULL, key, nonce) == 1 &&
        library.update(context, NULL, &length, NULL, (int)count) == 1 &&
        library.update(context, NULL, &length, additional, (int)additional_count) == 1 &&
        library.update(context, opened, &length, sealed, (int)count) == 1;
    library.context_free(context);
    return is_authentic;
}
