// Fingerprints in weights, and what is left of them in a leaked model. Each weight that may carry one is
// moved by kStrength times its row's scale, up or down as a bit of the customer's word and a secret sign say;
// each position of the word is carried by many weights all over the network, so that it is read from their
// sum (Cox, Kilian, Leighton and Shamoon, Secure spread spectrum watermarking for multimedia, IEEE Trans.
// Image Processing 6(12), 1997). The reader knows the weights before, so that they are no noise to it.
#pragma once

#include "tacit/trace/align.h"
#include "tacit/trace/code.h"

namespace tacit::trace {

/// By what part of the root mean square of its row a weight is moved, at most.
constexpr double kStrength = 0.02;

/// What is added to the weights of each layer, row after row.
std::vector<std::vector<double>> changes_for(const std::vector<Layer>& layers, const Code& code,
                                             const CodeWord& word);

/// For each position what the leaked weights say of it: above 0 for a 1. Layers that were changed much count
/// for less, and no single weight for much.
std::vector<double> symbols_of(const std::vector<Layer>& original, const Aligned& leaked, const Code& code);

}  // namespace tacit::trace
