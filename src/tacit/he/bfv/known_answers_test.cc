#include <gtest/gtest.h>

#include "tacit/he/bfv/bfv.h"
#include "tacit/he/testing/bfv_answers.h"

namespace tacit::he {
namespace {

std::string digest_of(ByteView bytes) { return to_hex(sha256(bytes)); }

TEST(BfvAnswers, AreThoseOfWholeNumberArithmetic) {
  for (const BfvAnswer& answer : kBfvAnswers) {
    const BfvContext context(BfvParameters::standard(answer.plain, answer.degree));
    Bytes seed(16);
    for (std::size_t i = 0; i < 16; ++i) seed[i] = static_cast<std::byte>(i);
    Randomness random{ByteView(seed)};  // known, so that there is an answer
    const SecretKey key(context, random);
    const PublicKey open(context, key, random);
    Plaintext m, f;
    for (Word i = 0; i < answer.degree; ++i) {
      m.push_back(static_cast<Word>((Wide{i * i} * 0x9e3779b97f4a7c15 + 12345) % answer.plain));
      const Word cube = static_cast<Word>(Wide{i * i} * i % answer.plain);
      f.push_back(static_cast<Word>((Wide{cube} * 0xbf58476d1ce4e5b9 + 54321) % answer.plain));
    }
    Ciphertext c = open.encrypt(m, random);
    Poly c0 = c.c0, c1 = c.c1;
    context.ring().inverse(c0);
    context.ring().inverse(c1);
    EXPECT_EQ(digest_of(std::as_bytes(std::span(c0))), answer.c0) << answer.degree;
    EXPECT_EQ(digest_of(std::as_bytes(std::span(c1))), answer.c1) << answer.degree;
    multiply_plain(context, c, prepare(context, f));
    const Plaintext product = key.decrypt(c);
    EXPECT_EQ(digest_of(std::as_bytes(std::span(product))), answer.product) << answer.degree;
  }
}

}  // namespace
}  // namespace tacit::he
