"""How threads share work: the words that a team of threads has in common, and the native code that hands out shares.

The caller runs a program's sections one after another. One that is worth sharing is cut into one share a thread; each
worker, as soon as it sees that the section is open, claims its share. Whoever finishes the last share opens the next
section. The caller, done with its own share, also does those that nobody has claimed, since on a busy machine a worker
may not run at all for milliseconds. So a worker that comes late finds its share taken; only a share that was claimed is
waited for, and for a worker that may be about to claim its share a moment, unless it was late the last time too.

Words that different threads write stand on cache lines of their own. Whoever waits spins for a bounded time and then
lets other threads run in between; a worker that waits long for a section falls asleep on a lock.
"""

from __future__ import annotations

from chainrule.native.target import Target

# Two lines of 64 bytes: processors fetch lines in pairs.
LINE = 128

# The offsets of the words, in bytes. The state: the number of the open section, counted over all runs of programs;
# how many threads it is for; how many of its shares are not finished. It is one word: all see the three at once.
# If no section is open it is for no thread.
STATE = 0
COUNT_BITS = 10
NUMBER_SHIFT = 2 * COUNT_BITS
MOST_THREADS = (1 << COUNT_BITS) - 1
# What is running: a table of sections, the context, the numbers of the first section and of the one after the last, and
# how many threads take part. Only who holds a share may read these, and the caller.
TABLE, CONTEXT, FIRST, END, THREADS = (8 * i for i in range(1, 6))
# The table's entries: a function, and for how many threads it is at most; then what the function needs to know.
SECTION_WORDS = 5
ENTRY = 8 * SECTION_WORDS

SLEEPERS = LINE  # How many workers are asleep.
LATE = 2 * LINE  # Of how many shares the caller had to take care in the last shared section.
# What does not change while workers run, but for the wish to stop them: how often to look before yielding, how often a
# worker yields before sleeping, how often the caller looks before it takes over shares; the addresses of functions.
SPINS, YIELDS, PATIENCE, YIELD, SLEEP, WAKE, STOP = (3 * LINE + 8 * i for i in range(7))
# For each thread: the number of the last section of which its share was claimed; whether it is asleep; its lock.
THREAD = 4 * LINE
THREAD_BYTES = 2 * LINE
CLAIMED, ASLEEP, LOCK = 0, LINE, LINE + 8


def team_bytes(threads: int) -> int:
    """How large the words of a team of so many are."""
    return THREAD + threads * THREAD_BYTES


def pause(target: Target) -> tuple[str, str]:
    """The instruction that tells the processor of a waiting loop, and its declaration."""
    if target.triple.startswith("x86_64"):
        return "call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"
    if target.triple.startswith(("aarch64", "arm64")):
        # `yield` does nothing on most of these; a barrier of instructions takes some 10 ns.
        return "call void @llvm.aarch64.isb(i32 15)", "declare void @llvm.aarch64.isb(i32)"
    return "", ""


# What the caller and the workers both need.
SHARED_TEXT = f"""\
; Whether a share of a section is free, in which case it is claimed now.
define internal i1 @claim(ptr %team, i64 %share, i64 %number) nounwind {{
entry:
  %offset = mul i64 %share, {THREAD_BYTES}
  %thread = getelementptr i8, ptr %team, i64 %offset
  %claimed = getelementptr i8, ptr %thread, i64 {THREAD + CLAIMED}
  %last = load atomic i64, ptr %claimed acquire, align 8
  %free = icmp ult i64 %last, %number
  br i1 %free, label %try, label %no
try:
  %pair = cmpxchg ptr %claimed, i64 %last, i64 %number acq_rel acquire, align 8
  %won = extractvalue {{ i64, i1 }} %pair, 1
  ret i1 %won
no:
  ret i1 false
}}

; How many threads a section is for.
define internal i64 @threads(ptr %team, ptr %entry.at) nounwind {{
  %most.at = getelementptr i8, ptr %entry.at, i64 8
  %most = load i64, ptr %most.at, align 8
  %all.at = getelementptr i8, ptr %team, i64 {THREADS}
  %all = load i64, ptr %all.at, align 8
  %fewer = icmp ult i64 %most, %all
  %threads = select i1 %fewer, i64 %most, i64 %all
  ret i64 %threads
}}

; Let the threads that take part in a section see it; or that there is no further one.
define internal void @open(ptr %team, i64 %number) nounwind {{
entry:
  %high = shl i64 %number, {NUMBER_SHIFT}
  %end.at = getelementptr i8, ptr %team, i64 {END}
  %end = load i64, ptr %end.at, align 8
  %over = icmp eq i64 %number, %end
  br i1 %over, label %close, label %one
close:
  store atomic i64 %high, ptr %team release, align 8
  ret void
one:
  %table.at = getelementptr i8, ptr %team, i64 {TABLE}
  %table = load ptr, ptr %table.at, align 8
  %first.at = getelementptr i8, ptr %team, i64 {FIRST}
  %first = load i64, ptr %first.at, align 8
  %index = sub i64 %number, %first
  %offset = mul i64 %index, {ENTRY}
  %entry.at = getelementptr i8, ptr %table, i64 %offset
  %threads = call i64 @threads(ptr %team, ptr %entry.at)
  %counts = mul i64 %threads, {(1 << COUNT_BITS) + 1}
  %state = or i64 %high, %counts
  store atomic i64 %state, ptr %team release, align 8
  %sleepers.at = getelementptr i8, ptr %team, i64 {SLEEPERS}
  %sleepers = load atomic i64, ptr %sleepers.at monotonic, align 8
  %any = icmp ne i64 %sleepers, 0
  br i1 %any, label %rouse, label %done
rouse:
  call void @wake(ptr %team, i64 %threads)
  br label %done
done:
  ret void
}}

; Wake those who sleep. Who falls asleep at this moment may be missed: it is late then, and woken for the next section.
define internal void @wake(ptr %team, i64 %threads) noinline nounwind {{
entry:
  br label %look
look:
  %thread = phi i64 [ 1, %entry ], [ %next, %on ]
  %more = icmp ult i64 %thread, %threads
  br i1 %more, label %try, label %done
try:
  %offset = mul i64 %thread, {THREAD_BYTES}
  %own = getelementptr i8, ptr %team, i64 %offset
  %asleep = getelementptr i8, ptr %own, i64 {THREAD + ASLEEP}
  %was = atomicrmw xchg ptr %asleep, i64 0 seq_cst, align 8
  %slept = icmp ne i64 %was, 0
  br i1 %slept, label %release, label %on
release:
  %lock.at = getelementptr i8, ptr %own, i64 {THREAD + LOCK}
  %lock = load ptr, ptr %lock.at, align 8
  %wake.at = getelementptr i8, ptr %team, i64 {WAKE}
  %wake = load ptr, ptr %wake.at, align 8
  call void %wake(ptr %lock)
  br label %on
on:
  %next = add i64 %thread, 1
  br label %look
done:
  ret void
}}

; Do a share of the open section that has been claimed; who finishes the last one opens the next section.
define internal void @work(ptr %team, i64 %number, i64 %share) nounwind {{
entry:
  %table.at = getelementptr i8, ptr %team, i64 {TABLE}
  %table = load ptr, ptr %table.at, align 8
  %context.at = getelementptr i8, ptr %team, i64 {CONTEXT}
  %context = load ptr, ptr %context.at, align 8
  %first.at = getelementptr i8, ptr %team, i64 {FIRST}
  %first = load i64, ptr %first.at, align 8
  %index = sub i64 %number, %first
  %offset = mul i64 %index, {ENTRY}
  %entry.at = getelementptr i8, ptr %table, i64 %offset
  %section = load ptr, ptr %entry.at, align 8
  %threads = call i64 @threads(ptr %team, ptr %entry.at)
  call void %section(ptr %context, ptr %entry.at, i64 %share, i64 %threads)
  %before = atomicrmw sub ptr %team, i64 1 acq_rel, align 8
  %open = and i64 %before, {MOST_THREADS}
  %last = icmp eq i64 %open, 1
  br i1 %last, label %on, label %done
on:
  %next = add i64 %number, 1
  call void @open(ptr %team, i64 %next)
  br label %done
done:
  ret void
}}"""


def caller_text(target: Target) -> str:
    """`@together`, which runs sections one after another, on several threads those that are for several."""
    look_again, declaration = pause(target)
    return f"""{declaration}

{SHARED_TEXT}

define internal void @together(ptr %team, ptr %table, i64 %count, ptr %context, i64 %threads) noinline nounwind {{
entry:
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %single, label %several

single:
  %index = phi i64 [ 0, %entry ], [ %following, %single ]
  %offset = mul i64 %index, {ENTRY}
  %entry.at = getelementptr i8, ptr %table, i64 %offset
  %section = load ptr, ptr %entry.at, align 8
  call void %section(ptr %context, ptr %entry.at, i64 0, i64 1)
  %following = add i64 %index, 1
  %more = icmp ult i64 %following, %count
  br i1 %more, label %single, label %done

several:
  %state = load atomic i64, ptr %team acquire, align 8
  %first = lshr i64 %state, {NUMBER_SHIFT}
  %end = add i64 %first, %count
  %table.at = getelementptr i8, ptr %team, i64 {TABLE}
  store ptr %table, ptr %table.at, align 8
  %context.at = getelementptr i8, ptr %team, i64 {CONTEXT}
  store ptr %context, ptr %context.at, align 8
  %first.at = getelementptr i8, ptr %team, i64 {FIRST}
  store i64 %first, ptr %first.at, align 8
  %end.at = getelementptr i8, ptr %team, i64 {END}
  store i64 %end, ptr %end.at, align 8
  %threads.at = getelementptr i8, ptr %team, i64 {THREADS}
  store i64 %threads, ptr %threads.at, align 8
  call void @open(ptr %team, i64 %first)
  br label %each
each:
  %number = phi i64 [ %first, %several ], [ %next, %each ]
  call void @work(ptr %team, i64 %number, i64 0)
  call void @settle(ptr %team, i64 %number)
  %next = add i64 %number, 1
  %further = icmp ult i64 %next, %end
  br i1 %further, label %each, label %done
done:
  ret void
}}

; The caller's part after its own share: until all shares of the section are finished.
define internal void @settle(ptr %team, i64 %number) nounwind {{
entry:
  %next = add i64 %number, 1
  %next.state = shl i64 %next, {NUMBER_SHIFT}
  %late.at = getelementptr i8, ptr %team, i64 {LATE}
  %state = load atomic i64, ptr %team acquire, align 8
  %settled = icmp uge i64 %state, %next.state
  br i1 %settled, label %done, label %begin
begin:
  %late = load i64, ptr %late.at, align 8
  %hopeless = icmp ne i64 %late, 0
  %patience.at = getelementptr i8, ptr %team, i64 {PATIENCE}
  %usual = load i64, ptr %patience.at, align 8
  %patience = select i1 %hopeless, i64 0, i64 %usual
  br label %hope

; For a moment the others may be about to finish, or to begin.
hope:
  %turn = phi i64 [ 0, %begin ], [ %again, %hoping ]
  %now = load atomic i64, ptr %team acquire, align 8
  %ready = icmp uge i64 %now, %next.state
  br i1 %ready, label %punctual, label %still
punctual:
  store i64 0, ptr %late.at, align 8
  ret void
still:
  %patient = icmp ult i64 %turn, %patience
  br i1 %patient, label %hoping, label %help
hoping:
  {look_again}
  %again = add i64 %turn, 1
  br label %hope

; Do what nobody has begun.
help:
  %shifted = lshr i64 %state, {COUNT_BITS}
  %threads = and i64 %shifted, {MOST_THREADS}
  br label %offer
offer:
  %share = phi i64 [ 1, %help ], [ %following, %on ]
  %helped = phi i64 [ 0, %help ], [ %sum, %on ]
  %free = call i1 @claim(ptr %team, i64 %share, i64 %number)
  br i1 %free, label %mine, label %on
mine:
  call void @work(ptr %team, i64 %number, i64 %share)
  br label %on
on:
  %one = zext i1 %free to i64
  %sum = add i64 %helped, %one
  %following = add i64 %share, 1
  %more = icmp ult i64 %following, %threads
  br i1 %more, label %offer, label %note
note:
  store i64 %sum, ptr %late.at, align 8
  %spins.at = getelementptr i8, ptr %team, i64 {SPINS}
  %spins = load i64, ptr %spins.at, align 8
  %yield.at = getelementptr i8, ptr %team, i64 {YIELD}
  %yield = load ptr, ptr %yield.at, align 8
  br label %wait

; What remains is being done.
wait:
  %look = phi i64 [ 0, %note ], [ %looked, %waited ]
  %count = load atomic i64, ptr %team acquire, align 8
  %complete = icmp uge i64 %count, %next.state
  br i1 %complete, label %done, label %longer
longer:
  %looked = add i64 %look, 1
  %brisk = icmp ult i64 %look, %spins
  br i1 %brisk, label %spin, label %slow
spin:
  {look_again}
  br label %waited
slow:
  %ignored = call i32 %yield()
  br label %waited
waited:
  br label %wait
done:
  ret void
}}
"""
