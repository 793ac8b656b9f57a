#include "tacit/crypto/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "tacit/base/error.h"

namespace tacit {

namespace {
using BioPtr = std::unique_ptr<BIO, decltype([](BIO* b) { BIO_free(b); })>;
}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

NativeKey read_key_file(const std::filesystem::path& file) {
  struct stat info {};
  require(::stat(file.c_str(), &info) == 0, "cannot read the key file '{}': {}", file.string(),
          std::strerror(errno));
  require((info.st_mode & 077) == 0, "others may read the key file '{0}': run 'chmod 600 {0}'",
          file.string());
  BioPtr bio(BIO_new_file(file.c_str(), "r"));
  require(bio != nullptr, "cannot read the key file '{}'", file.string());
  return NativeKey(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

void write_key_file(const std::filesystem::path& file, evp_pkey_st* key) {
  BioPtr memory(BIO_new(BIO_s_mem()));
  ensure(
      memory && PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "PEM encoding");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST)
    throw UsageError(fmt::format("'{}' exists already: a key is never overwritten", file.string()));
  if (fd < 0) throw IoError(fmt::format("cannot write '{}': {}", file.string(), std::strerror(errno)));
  const bool good = ::write(fd, text, static_cast<std::size_t>(size)) == size && ::fsync(fd) == 0;
  ::close(fd);
  OPENSSL_cleanse(text, static_cast<std::size_t>(size));
  if (!good) {
    ::unlink(file.c_str());
    throw IoError(fmt::format("cannot write '{}': is the disk full?", file.string()));
  }
}

}  // namespace tacit
