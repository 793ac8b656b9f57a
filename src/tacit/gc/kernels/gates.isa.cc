// See gates.h. This file is compiled once for each instruction set, with TACIT_ISA naming it, and so uses
// nothing that the linker could share between those compilations. A vector type holds two blocks, or four;
// gates_generic.h has all else, once.
#include "tacit/gc/kernels/gates.h"

#include <stddef.h>
#include <stdint.h>

#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)
#include "tacit/gc/kernels/vectors_x86.h"
//
#include "tacit/gc/kernels/gates_generic.h"
#elif defined(TACIT_ISA_NEON)
#include "tacit/gc/kernels/vectors_neon.h"
//
#include "tacit/gc/kernels/gates_generic.h"
#else
#include "tacit/gc/kernels/gates_portable.h"
#endif

namespace tacit::TACIT_ISA {

#if defined(TACIT_ISA_AVX512)
void fill(gc::GateKernels& k) { k = kernels_of<Quad, 2, Vaes, 2>(); }
#elif defined(TACIT_ISA_AVX2)
void fill_vaes(gc::GateKernels& k) { k = kernels_of<Vaes, 2, Vaes, 2>(); }
void fill(gc::GateKernels& k) { k = kernels_of<TwoXmm, 1, TwoXmm, 1>(); }
#elif defined(TACIT_ISA_NEON)
void fill(gc::GateKernels& k) { k = kernels_of<Neon, 1, Neon, 1>(); }
#else
void fill(gc::GateKernels& k) { k = kernels(); }
#endif

}  // namespace tacit::TACIT_ISA
