/* How one function is compiled for a CPU level and chosen at run time. Included by .c files only. */
#ifndef TRUNKSHELF_CPU_INTERNAL_H
#define TRUNKSHELF_CPU_INTERNAL_H

#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,fma,lzcnt,popcnt,movbe,f16c")))
#if defined(__clang__)
#define WIDE_VECTORS "" /* clang knows no such target */
#else
#define WIDE_VECTORS ",prefer-vector-width=512"
#endif
#define TARGET_AVX512                                                                                  \
    __attribute__((target("avx2,bmi,bmi2,fma,lzcnt,popcnt,movbe,f16c,pclmul,gfni,avx512f,avx512bw,"   \
                          "avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512bitalg,avx512vpopcntdq"      \
                          WIDE_VECTORS)))
/* Picks from three functions of one signature: CPU_SELECT(reference, for AVX2, for AVX-512)(arguments). */
#define CPU_SELECT(portable, avx2, avx512)                                                              \
    (cpu_level_in_use() == CPU_AVX512 ? (avx512) : cpu_level_in_use() == CPU_AVX2 ? (avx2) : (portable))
#else
#define TARGET_AVX2
#define TARGET_AVX512
#define CPU_SELECT(portable, avx2, avx512) (portable)
#endif

#endif
