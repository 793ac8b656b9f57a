// HPKE with the private key of an exchange given, as test vectors give it. For tests only.
#pragma once

#include "tacit/crypto/hpke.h"

namespace tacit {

struct HpkeKnownAnswers {
  static HpkeSender sender(HpkeCipher cipher, const KemPublicKey& receiver, ByteView info,
                           const KemPrivateKey& ephemeral) {
    return HpkeSender(cipher, receiver, info, ephemeral);
  }
};

}  // namespace tacit
