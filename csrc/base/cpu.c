/* Finds the CPU level once and remembers it. */
#include "base/cpu.h"

#include <stdatomic.h>

static atomic_int level_in_use = -1;

cpu_level cpu_level_available(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
          __builtin_cpu_supports("fma")))
        return CPU_PORTABLE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
        __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq") &&
        __builtin_cpu_supports("gfni") && __builtin_cpu_supports("pclmul"))
        return CPU_AVX512;
    return CPU_AVX2;
#else
    return CPU_PORTABLE;
#endif
}

cpu_level cpu_level_in_use(void)
{
    int level = atomic_load_explicit(&level_in_use, memory_order_relaxed);
    if (level < 0) {
        level = (int)cpu_level_available();
        atomic_store_explicit(&level_in_use, level, memory_order_relaxed);
    }
    return (cpu_level)level;
}

cpu_level cpu_level_use(cpu_level at_most)
{
    cpu_level available = cpu_level_available();
    cpu_level level = at_most < available ? at_most : available;
    atomic_store_explicit(&level_in_use, (int)level, memory_order_relaxed);
    return level;
}
