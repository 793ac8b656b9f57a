// A vendor finds out which devices' keys lie in a TPM, and believes no card.
#include "tacit/sealed/challenge.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/tpm/testing/swtpm.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

ChallengeAnswer answered(const DeviceKeys& device, const Challenge& c) {
  const SecretBytes secret = device.key.activate(c.credential);
  return {c.device, proof_of(secret.bytes(), device.card)};
}

struct Challenges : ::testing::Test {
  SoftwareTpm chip;
  SealedWorld world;
  AdmittedDevices admitted{KeyFolder::make(world.folder.path("vendor"))};
  DeviceKeys device = make("kept");

  DeviceKeys make(const char* name) {
    return DeviceKeys::make(world.folder.path(name), name, Now(kNow), TpmChoice{chip.at(), {7}});
  }
};

TEST_F(Challenges, AreAnsweredByTheKeyInItsTpm) {
  EXPECT_FALSE(admitted.is_admitted(device.card));
  EXPECT_FALSE(admitted.knows_endorsement(device.card.tpm->endorsement));
  const Challenge c = admitted.challenge(device.card);
  EXPECT_FALSE(admitted.is_admitted(device.card));
  const ChallengeAnswer answer = answered(device, parse_challenge(to_text(c)));
  EXPECT_EQ(admitted.admit(parse_challenge_answer(to_text(answer))), device.card);
  EXPECT_TRUE(admitted.is_admitted(device.card));
  EXPECT_TRUE(admitted.knows_endorsement(device.card.tpm->endorsement));
  // Once; and for this very card.
  EXPECT_NE(outcome([&] { admitted.admit(answer); }).find("was not challenged, or has answered already"),
            std::string::npos);
  DeviceCard other = device.card;
  other.tpm->state[0] ^= std::byte{1};
  EXPECT_FALSE(admitted.is_admitted(other));
  EXPECT_FALSE(admitted.is_admitted(world.device.card));
}

TEST_F(Challenges, WrongAnswersAreNotBelieved) {
  const Challenge first = admitted.challenge(device.card);
  const ChallengeAnswer old = answered(device, first);
  const Challenge c = admitted.challenge(device.card);
  EXPECT_TRUE(outcome([&] { admitted.admit(old); }).starts_with("cheat: "));
  ChallengeAnswer wrong = answered(device, c);
  wrong.proof[31] ^= std::byte{1};
  EXPECT_TRUE(outcome([&] { admitted.admit(wrong); }).starts_with("cheat: "));
  EXPECT_FALSE(admitted.is_admitted(device.card));
  admitted.admit(answered(device, c));
  EXPECT_TRUE(admitted.is_admitted(device.card));
}

TEST_F(Challenges, ACardThatLiesIsFoundOut) {
  // A software key that claims to lie in that TPM: the TPM has no object of its name.
  const KemPrivateKey soft = KemPrivateKey::generate(Kem::P256);
  DeviceCard liar = device.card;
  liar.key = soft.public_key();
  const Challenge c = admitted.challenge(liar);
  EXPECT_NE(outcome([&] { device.key.activate(c.credential); }).find("is not for this device's key"),
            std::string::npos);
  // A key in the TPM that claims to be bound to another state, or to none.
  DeviceCard other = device.card;
  other.tpm->state[0] ^= std::byte{1};
  EXPECT_NE(outcome([&] { device.key.activate(admitted.challenge(other).credential); }), "opened");
  other = device.card;
  other.tpm->pcrs.clear();
  other.tpm->state = {};
  EXPECT_NE(outcome([&] { device.key.activate(admitted.challenge(other).credential); }), "opened");
  EXPECT_NE(outcome([&] { admitted.challenge(world.device.card); }).find("keeps its key in a file"),
            std::string::npos);
  EXPECT_NE(outcome([&] { world.device.key.activate(c.credential); }).find("no TPM that could answer"),
            std::string::npos);
}

TEST_F(Challenges, HaveOneForm) {
  const std::string good = to_text(admitted.challenge(device.card));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_TRUE(outcome([&] { parse_challenge(good.substr(0, size)); }).starts_with("usage: ")) << size;
  EXPECT_TRUE(outcome([&] { parse_challenge(good + "x"); }).starts_with("usage: "));
  const std::string answer = to_text(ChallengeAnswer{});
  EXPECT_EQ(to_text(parse_challenge_answer(answer)), answer);
  EXPECT_TRUE(outcome([&] { parse_challenge_answer(answer.substr(1)); }).starts_with("usage: "));
}

// ---- certificates

struct FreeNative {
  void operator()(X509* x) const { X509_free(x); }
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
  void operator()(BIO* b) const { BIO_free(b); }
};
template <class T>
using Native = std::unique_ptr<T, FreeNative>;

Native<EVP_PKEY> new_key() { return Native<EVP_PKEY>(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")); }

Native<X509> certificate(const char* name, EVP_PKEY* of, const char* issuer, EVP_PKEY* by) {
  Native<X509> out(X509_new());
  X509_set_version(out.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), 1);
  const auto named = [](X509_NAME* to, const char* text) {
    X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1,
                               0);
  };
  named(X509_get_subject_name(out.get()), name);
  const std::unique_ptr<X509_NAME, decltype([](X509_NAME* n) { X509_NAME_free(n); })> from(X509_NAME_new());
  named(from.get(), issuer);
  X509_set_issuer_name(out.get(), from.get());
  ASN1_TIME_set_string(X509_getm_notBefore(out.get()), "20200101000000Z");
  ASN1_TIME_set_string(X509_getm_notAfter(out.get()), "99991231235959Z");
  X509_set_pubkey(out.get(), of);
  if (std::string_view(name) == issuer) {  // one that may sign others
    X509_EXTENSION* may = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    EXPECT_EQ(X509_add_ext(out.get(), may, -1), 1);
    X509_EXTENSION_free(may);
  }
  EXPECT_GT(X509_sign(out.get(), by, EVP_sha256()), 0);
  return out;
}

std::string pem_of(X509* x) {
  const Native<BIO> to(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(to.get(), x);
  char* text = nullptr;
  const long size = BIO_get_mem_data(to.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

TEST(Certificates, LeadToAManufacturer) {
  const ScratchFolder folder;
  const auto maker = new_key(), endorsement = new_key(), stranger = new_key();
  const auto root = certificate("maker", maker.get(), "maker", maker.get());
  const auto other = certificate("stranger", stranger.get(), "stranger", stranger.get());
  const auto own = certificate("a TPM", endorsement.get(), "maker", maker.get());
  DeviceCard card{"x", KemPrivateKey::generate(Kem::P256).public_key(), TpmEvidence{{7}, {}, {}, {}}};
  card.tpm->endorsement.resize(tpm::kPointSize);
  std::size_t size = 0;
  EVP_PKEY_get_octet_string_param(endorsement.get(), "encoded-pub-key",
                                  reinterpret_cast<unsigned char*>(card.tpm->endorsement.data()),
                                  card.tpm->endorsement.size(), &size);
  ASSERT_EQ(size, tpm::kPointSize);
  const auto roots = folder.write("roots.pem", pem_of(other.get()) + pem_of(root.get()));
  const auto refusal = [&] { return outcome([&] { check_certificate(card, roots); }); };
  EXPECT_NE(refusal().find("has no certificate"), std::string::npos);
  unsigned char* der = nullptr;
  const int length = i2d_X509(own.get(), &der);
  ASSERT_GT(length, 0);
  card.tpm->certificate.assign(reinterpret_cast<std::byte*>(der), reinterpret_cast<std::byte*>(der) + length);
  OPENSSL_free(der);
  EXPECT_EQ(refusal(), "opened");
  folder.write("roots.pem", pem_of(other.get()));
  EXPECT_NE(refusal().find("does not lead to one of"), std::string::npos);
  folder.write("roots.pem", "nothing");
  EXPECT_NE(refusal().find("holds no certificate in PEM"), std::string::npos);
  folder.write("roots.pem", pem_of(root.get()));
  card.tpm->certificate[card.tpm->certificate.size() - 5] ^= std::byte{1};
  EXPECT_NE(refusal(), "opened");
  card.tpm->certificate[card.tpm->certificate.size() - 5] ^= std::byte{1};
  card.tpm->certificate.push_back(std::byte{0});
  EXPECT_NE(refusal().find("is none"), std::string::npos);
  card.tpm->certificate.pop_back();
  card.tpm->endorsement[9] ^= std::byte{1};
  EXPECT_NE(refusal().find("is of another key"), std::string::npos);
}

}  // namespace
}  // namespace tacit::sealed
