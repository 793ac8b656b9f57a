#include <gtest/gtest.h>

#include "tacit/he/bfv/bfv.h"
#include "tacit/he/testing/bfv_answers.h"
#include "tacit/he/testing/seal_answers.h"

namespace tacit::he {
namespace {

std::string digest_of(ByteView bytes) { return to_hex(sha256(bytes)); }

/// What tests/vectors/bfv.py makes, too: a message and a factor, encrypted under a known key.
struct Example {
  BfvContext context;
  Randomness random;
  SecretKey key;
  PublicKey open;
  Plaintext m, f;
  Ciphertext c;

  Example(std::size_t degree, Word plain)
      : context(BfvParameters::standard(plain, degree)),
        random(ByteView(numbers())),
        key(context, random),
        open(context, key, random) {
    for (Word i = 0; i < degree; ++i) {
      m.push_back(static_cast<Word>((Wide{i * i} * 0x9e3779b97f4a7c15 + 12345) % plain));
      const Word cube = static_cast<Word>(Wide{i * i} * i % plain);
      f.push_back(static_cast<Word>((Wide{cube} * 0xbf58476d1ce4e5b9 + 54321) % plain));
    }
    c = open.encrypt(m, random);
  }
  static Bytes numbers() {
    Bytes seed(16);
    for (std::size_t i = 0; i < 16; ++i) seed[i] = static_cast<std::byte>(i);
    return seed;
  }
  std::string digest_of_coefficients(Poly values) const {
    context.ring().inverse(values);
    return digest_of(std::as_bytes(std::span(values)));
  }
};

TEST(BfvAnswers, AreThoseOfWholeNumberArithmetic) {
  for (const BfvAnswer& answer : kBfvAnswers) {
    Example e(answer.degree, answer.plain);
    EXPECT_EQ(e.digest_of_coefficients(e.c.c0), answer.c0) << answer.degree;
    EXPECT_EQ(e.digest_of_coefficients(e.c.c1), answer.c1) << answer.degree;
    multiply_plain(e.context, e.c, prepare(e.context, e.f));
    const Plaintext product = e.key.decrypt(e.c);
    EXPECT_EQ(digest_of(std::as_bytes(std::span(product))), answer.product) << answer.degree;
  }
}

TEST(BfvAnswers, AreSeals) {
  for (const SealAnswer& answer : kSealAnswers) {
    const Example e(answer.degree, answer.plain);
    const auto expect = [&](const Ciphertext& c, const SealCiphertext& seal, const char* what) {
      EXPECT_EQ(e.digest_of_coefficients(c.c0), seal.c0) << what << ", " << answer.degree;
      EXPECT_EQ(e.digest_of_coefficients(c.c1), seal.c1) << what << ", " << answer.degree;
      const Plaintext m = e.key.decrypt(c);
      EXPECT_EQ(digest_of(std::as_bytes(std::span(m))), seal.message) << what << ", " << answer.degree;
    };
    expect(e.c, answer.fresh, "fresh");
    Ciphertext c = e.c;
    multiply_plain(e.context, c, prepare(e.context, e.f));
    expect(c, answer.product, "product");
    add_plain(e.context, c = e.c, e.f);
    expect(c, answer.plain_sum, "sum with a plaintext");
    Ciphertext turned = e.c;
    std::swap(turned.c0, turned.c1);
    add(e.context, c = e.c, turned);
    expect(c, answer.sum, "sum");
    subtract(e.context, c = e.c, turned);
    expect(c, answer.difference, "difference");
  }
}

}  // namespace
}  // namespace tacit::he
