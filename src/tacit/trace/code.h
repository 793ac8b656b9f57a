// A collusion-secure code: for each customer a word of bits, so that whoever mixes several words into one is
// still near to some of them. Tardos, Optimal probabilistic fingerprint codes (J. ACM 55(2), 2008): a bias
// for each position, drawn from the arcsine distribution with a cutoff, and words whose bits are 1 with that
// probability; accusation by the score that is symmetric in both bits, of Skoric, Katzenbeisser and Celik,
// Symmetric Tardos fingerprinting codes for arbitrary alphabet sizes (Des. Codes Cryptogr. 46, 2008). Against
// many colluders c, (pi^2 / 2) c^2 ln(1 / e) positions are enough (Laarhoven and de Weger, Optimal symmetric
// Tardos traitor tracing schemes, Des. Codes Cryptogr., 2012); twice that is used.
//
// An accusation is judged by what was found, and not by what attackers are assumed to do: given biases and
// symbols, an innocent's score is a sum of independent numbers of known distribution, and Chernoff's bound
// on it holds for every attack (Furon and Desoubeaux, Tardos codes for real, IEEE WIFS 2014, on bounds in the
// operational mode). It takes for granted only that attackers know nothing of the innocent's word.
//
// All of this runs at the vendor alone, where nobody else measures how long it takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tacit/base/secret_bytes.h"

namespace tacit::trace {

/// Of accusing anybody innocent, over all customers of a database, in one search.
constexpr double kFalseAccusation = 1e-6;
/// Customers for whom codes are made long enough.
constexpr std::size_t kMostCustomers = 10000;
/// Colluders of which at least one is to be named.
constexpr unsigned kFewestColluders = 2, kMostColluders = 8;
/// Weights that carry one position of a code, at least: their sum outweighs what is done to each.
constexpr std::size_t kCarriersAPosition = 16;

/// Positions of a code that names one of so many colluders.
std::size_t code_length(unsigned colluders);
/// Weights that such a code needs.
std::size_t carriers_needed(unsigned colluders);
/// The most colluders for whom so many weights are enough. UsageError, naming `model`, if they are too few
/// for two.
unsigned colluders_for(std::size_t carriers, std::string_view model);

using CodeWord = std::vector<std::uint8_t>;  ///< of 0 and 1

/// Where the weights of a layer lie in a code: which position each carries, and whether it is turned.
struct Carriers {
  std::vector<std::uint32_t> position;
  std::vector<std::int8_t> sign;  ///< 1 or -1
};

/// The code of one model. What follows from its key is the vendor's secret.
class Code {
 public:
  /// `key`: 32 bytes, for this model alone. UsageError for a number of colluders that is not known here.
  Code(ByteView key, unsigned colluders);

  std::size_t length() const { return bias_.size(); }
  unsigned colluders() const { return colluders_; }
  /// The probability of a 1, at each position.
  std::span<const double> bias() const { return bias_; }
  /// The customer's, by its id: the same every time.
  CodeWord word(ByteView customer) const;
  /// Of the layer with that number, which has so many weights.
  Carriers carriers(std::size_t layer, std::size_t weights) const;

 private:
  SecretBytes key_;
  unsigned colluders_;
  std::vector<double> bias_;
};

/// What was found in one model, against which words are held.
class Accusation {
 public:
  /// `symbols`: for each position a number, above 0 for a 1; 0 where nothing was found.
  Accusation(const Code& code, std::span<const double> symbols);

  /// In standard deviations of an innocent's score, whose mean is 0. 0 for all if nothing was found.
  double score(const CodeWord& word) const;
  /// The natural logarithm of a bound on the probability that a certain innocent has this score or more.
  double log_bound(double score) const;
  /// A score that an innocent reaches with at most the probability of this natural logarithm; infinite if
  /// none is known to be as rare.
  double threshold(double log_probability) const;

 private:
  struct Tilted {
    double log_moment, slope;
  };
  Tilted tilted(double lambda) const;

  std::vector<double> bias_, one_, zero_;  ///< what a 1 and a 0 add to a score
};

}  // namespace tacit::trace
