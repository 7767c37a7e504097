/* The bench's topics: each measures its rows and reports them. */
#ifndef TRUNKSHELF_BENCH_TOPICS_H
#define TRUNKSHELF_BENCH_TOPICS_H

void bench_frame(void);
void bench_switch(void);
void bench_line_code(void);
void bench_hdlc(void);
void bench_shelf(void);
void bench_voice_g711(void);
void bench_conference(void);

#endif
