/* CPU levels: hot functions exist once per level and are chosen at run time. */
#ifndef TRUNKSHELF_CPU_H
#define TRUNKSHELF_CPU_H

typedef enum {
    CPU_PORTABLE = 0, /* plain C: the reference every other level is tested equal to */
    CPU_AVX2 = 1,     /* x86-64-v3: AVX2, BMI2, FMA (Haswell, Zen 1 and later) */
    CPU_AVX512 = 2,   /* AVX-512 F/BW/DQ/VL/VBMI/VBMI2/BITALG + GFNI (Ice Lake, Zen 4 and later) */
} cpu_level;

/* The highest level this machine has. */
cpu_level cpu_level_available(void);

/* The level in use: the highest available, unless lowered with cpu_level_use. */
cpu_level cpu_level_in_use(void);

/* Use at most this level from now on (tests, benches); returns the level now in use. */
cpu_level cpu_level_use(cpu_level at_most);

#endif
