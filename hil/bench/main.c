/* The bench: `bench LEVEL TOPIC...` measures topics at a CPU level; `bench` alone says which level the machine has. */
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "topics.h"

/* Named as the .c file that measures it (hil/bench_command.py relies on that). */
static const struct {
    const char *name;
    void (*run)(void);
} topics[] = {
    {"frame", bench_frame},
    {"switch", bench_switch},
    {"line_code", bench_line_code},
    {"hdlc", bench_hdlc},
    {"shelf", bench_shelf},
    {"voice_g711", bench_voice_g711},
    {"conference", bench_conference},
};

static const char *const levels[] = {[CPU_PORTABLE] = "portable", [CPU_AVX2] = "avx2", [CPU_AVX512] = "avx512"};

enum { TOPICS = sizeof topics / sizeof *topics, LEVELS = sizeof levels / sizeof *levels };

static int level_use(const char *name)
{
    for (unsigned level = 0; level < LEVELS; level++)
        if (!strcmp(levels[level], name) && cpu_level_use((cpu_level)level) == (cpu_level)level)
            return 0;
    fprintf(stderr, "%s: no such CPU level here\n", name);
    return -1;
}

static int topic_run(const char *name)
{
    for (unsigned topic = 0; topic < TOPICS; topic++)
        if (!strcmp(topics[topic].name, name)) {
            topics[topic].run();
            return 0;
        }
    fprintf(stderr, "%s: no such topic\n", name);
    return -1;
}

int main(int count, char **arguments)
{
    if (count < 2) {
        puts(levels[cpu_level_available()]);
        return 0;
    }
    if (level_use(arguments[1]))
        return 2;
    for (int argument = 2; argument < count; argument++)
        if (topic_run(arguments[argument]))
            return 2;
    return 0;
}
