"""How threads share work: the words that a team of threads has in common, and the native code that hands out shares.

The caller runs a program. Where a section of it is worth sharing, the caller opens it: it is cut into one share a
thread, and each worker, as soon as it notices, claims its share. The caller does its own, and then those that nobody
has claimed, since on a busy machine a worker may not run at all for milliseconds. When all shares are finished the
caller goes on alone. So a worker that comes late finds its share taken, and no one waits for a thread that has not
begun; only a share that was claimed is waited for.

Words that different threads write stand on cache lines of their own. Whoever waits spins for a bounded time and then
lets other threads run in between; a worker that waits long for a section falls asleep on a lock.
"""

from __future__ import annotations

from chainrule.native.target import Target

# Two lines of 64 bytes: processors fetch lines in pairs.
LINE = 128

# The offsets of the words, in bytes. The open section: its number, counted over all programs, with the number of
# shares in the low 16 bits, so that a worker knows from one read whether there is one for it; its function; its
# context.
OPEN, SECTION, CONTEXT = 0, 8, 16
# How many shares workers have finished, ever; how many workers are asleep.
FINISHED = LINE
SLEEPERS = 2 * LINE
# What does not change while workers run, but for the wish to stop them: how often to look before yielding, how often a
# worker yields before sleeping, how often the caller looks before it takes over shares; the addresses of functions.
SPINS, YIELDS, PATIENCE, YIELD, SLEEP, WAKE, STOP = (3 * LINE + 8 * i for i in range(7))
# For each thread: the number of the last section of which its share was claimed; whether it is asleep; its lock.
THREADS = 4 * LINE
CLAIMED, ASLEEP, LOCK = 0, LINE, LINE + 8
THREAD = 2 * LINE

MOST_THREADS = (1 << 16) - 1


def team_bytes(threads: int) -> int:
    """How large the words of a team of so many are."""
    return THREADS + threads * THREAD


def _pause(target: Target) -> tuple[str, str]:
    """The instruction that tells the processor of a waiting loop, and its declaration."""
    if target.triple.startswith("x86_64"):
        return "call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"
    if target.triple.startswith(("aarch64", "arm64")):
        # `yield` does nothing on most of these; a barrier of instructions takes some 10 ns.
        return "call void @llvm.aarch64.isb(i32 15)", "declare void @llvm.aarch64.isb(i32)"
    return "", ""


_CLAIM = f"""\
; Whether a share of a section is free, in which case it is claimed now.
define internal i1 @claim(ptr %team, i64 %share, i64 %number) nounwind {{
entry:
  %offset = mul i64 %share, {THREAD}
  %thread = getelementptr i8, ptr %team, i64 %offset
  %claimed = getelementptr i8, ptr %thread, i64 {THREADS + CLAIMED}
  %last = load atomic i64, ptr %claimed acquire, align 8
  %free = icmp ult i64 %last, %number
  br i1 %free, label %try, label %no
try:
  %pair = cmpxchg ptr %claimed, i64 %last, i64 %number acq_rel acquire, align 8
  %won = extractvalue {{ i64, i1 }} %pair, 1
  ret i1 %won
no:
  ret i1 false
}}"""

_OPEN = f"""\
; Tell the workers that there is a section, and wake those that are asleep; its number. A worker says that it is asleep
; and then looks once more; here the section is opened first and the sleepers are looked for then. So no one is missed.
define internal i64 @open(ptr %team, i64 %threads) nounwind {{
entry:
  %before = load atomic i64, ptr %team monotonic, align 8
  %last = lshr i64 %before, 16
  %number = add i64 %last, 1
  %high = shl i64 %number, 16
  %word = or i64 %high, %threads
  %ignored = atomicrmw xchg ptr %team, i64 %word seq_cst, align 8
  %sleepers.at = getelementptr i8, ptr %team, i64 {SLEEPERS}
  %sleepers = load atomic i64, ptr %sleepers.at seq_cst, align 8
  %any = icmp ne i64 %sleepers, 0
  br i1 %any, label %look, label %done
look:
  %share = phi i64 [ 1, %entry ], [ %following, %on ]
  %offset = mul i64 %share, {THREAD}
  %thread = getelementptr i8, ptr %team, i64 %offset
  %asleep = getelementptr i8, ptr %thread, i64 {THREADS + ASLEEP}
  %was = atomicrmw xchg ptr %asleep, i64 0 seq_cst, align 8
  %slept = icmp ne i64 %was, 0
  br i1 %slept, label %wake, label %on
wake:
  %lock.at = getelementptr i8, ptr %thread, i64 {THREADS + LOCK}
  %lock = load ptr, ptr %lock.at, align 8
  %wake.at = getelementptr i8, ptr %team, i64 {WAKE}
  %release = load ptr, ptr %wake.at, align 8
  call void %release(ptr %lock)
  br label %on
on:
  %following = add i64 %share, 1
  %more = icmp ult i64 %following, %threads
  br i1 %more, label %look, label %done
done:
  ret i64 %number
}}"""


def caller_text(target: Target) -> str:
    """`@together`, with which a program runs a section on several threads."""
    pause, declaration = _pause(target)
    return f"""{declaration}

{_CLAIM}

{_OPEN}

; Run all shares of a section.
define internal void @together(ptr %team, ptr %section, ptr %context, i64 %threads) noinline nounwind {{
entry:
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %single, label %several
single:
  call void %section(ptr %context, i64 0, i64 1)
  ret void

several:
  %workers = sub i64 %threads, 1
  %finished.at = getelementptr i8, ptr %team, i64 {FINISHED}
  %finished = load atomic i64, ptr %finished.at monotonic, align 8
  %all = add i64 %finished, %workers
  %section.at = getelementptr i8, ptr %team, i64 {SECTION}
  store ptr %section, ptr %section.at, align 8
  %context.at = getelementptr i8, ptr %team, i64 {CONTEXT}
  store ptr %context, ptr %context.at, align 8
  %number = call i64 @open(ptr %team, i64 %threads)
  call void %section(ptr %context, i64 0, i64 %threads)
  %patience.at = getelementptr i8, ptr %team, i64 {PATIENCE}
  %patience = load i64, ptr %patience.at, align 8
  %spins.at = getelementptr i8, ptr %team, i64 {SPINS}
  %spins = load i64, ptr %spins.at, align 8
  %yield.at = getelementptr i8, ptr %team, i64 {YIELD}
  %yield = load ptr, ptr %yield.at, align 8
  br label %hope

; Look for the workers to finish, for a moment.
hope:
  %turn = phi i64 [ 0, %several ], [ %next, %still ]
  %now = load atomic i64, ptr %finished.at acquire, align 8
  %ready = icmp eq i64 %now, %all
  br i1 %ready, label %done, label %still
still:
  {pause}
  %next = add i64 %turn, 1
  %patient = icmp slt i64 %next, %patience
  br i1 %patient, label %hope, label %help

; Do what nobody has begun.
help:
  %share = phi i64 [ 1, %still ], [ %following, %helped ]
  %expected = phi i64 [ %all, %still ], [ %left, %helped ]
  %free = call i1 @claim(ptr %team, i64 %share, i64 %number)
  br i1 %free, label %mine, label %theirs
mine:
  call void %section(ptr %context, i64 %share, i64 %threads)
  %fewer = sub i64 %expected, 1
  br label %helped
theirs:
  br label %helped
helped:
  %left = phi i64 [ %fewer, %mine ], [ %expected, %theirs ]
  %following = add i64 %share, 1
  %more = icmp ult i64 %following, %threads
  br i1 %more, label %help, label %wait

; What remains is being done.
wait:
  %look = phi i64 [ 0, %helped ], [ %again, %waited ]
  %count = load atomic i64, ptr %finished.at acquire, align 8
  %complete = icmp eq i64 %count, %left
  br i1 %complete, label %done, label %longer
longer:
  %again = add i64 %look, 1
  %brisk = icmp slt i64 %again, %spins
  br i1 %brisk, label %spin, label %slow
spin:
  {pause}
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


def worker_text(target: Target) -> str:
    """The module of the workers: `worker`, which returns after `stop`, and loops to measure waiting with."""
    pause, declaration = _pause(target)
    return f"""{declaration}

{_CLAIM}

{_OPEN}

; Do a share of every section, until told to stop.
define void @worker(ptr %team, i64 %thread) nounwind {{
entry:
  %offset = mul i64 %thread, {THREAD}
  %own = getelementptr i8, ptr %team, i64 %offset
  %asleep = getelementptr i8, ptr %own, i64 {THREADS + ASLEEP}
  %lock.at = getelementptr i8, ptr %own, i64 {THREADS + LOCK}
  %lock = load ptr, ptr %lock.at, align 8
  %spins.at = getelementptr i8, ptr %team, i64 {SPINS}
  %spins = load i64, ptr %spins.at, align 8
  %yields.at = getelementptr i8, ptr %team, i64 {YIELDS}
  %yields = load i64, ptr %yields.at, align 8
  %patience = add i64 %spins, %yields
  %yield.at = getelementptr i8, ptr %team, i64 {YIELD}
  %yield = load ptr, ptr %yield.at, align 8
  %sleep.at = getelementptr i8, ptr %team, i64 {SLEEP}
  %sleep = load ptr, ptr %sleep.at, align 8
  %stop.at = getelementptr i8, ptr %team, i64 {STOP}
  %section.at = getelementptr i8, ptr %team, i64 {SECTION}
  %context.at = getelementptr i8, ptr %team, i64 {CONTEXT}
  %finished = getelementptr i8, ptr %team, i64 {FINISHED}
  %sleepers = getelementptr i8, ptr %team, i64 {SLEEPERS}
  br label %look

look:
  %seen = phi i64 [ 0, %entry ], [ %seen, %on ], [ %seen, %woken ], [ %open, %go ], [ %open, %mine ], [ %open, %work ]
  %turn = phi i64 [ 0, %entry ], [ %next, %on ], [ 0, %woken ], [ %turn, %go ], [ 0, %mine ], [ 0, %work ]
  %open = load atomic i64, ptr %team acquire, align 8
  %new = icmp ne i64 %open, %seen
  br i1 %new, label %come, label %wait
wait:
  %next = add i64 %turn, 1
  %brisk = icmp slt i64 %turn, %spins
  br i1 %brisk, label %spin, label %tired
spin:
  {pause}
  br label %on
tired:
  %awake = icmp slt i64 %turn, %patience
  br i1 %awake, label %lazy, label %bed
lazy:
  %ignored = call i32 %yield()
  br label %on
on:
  br label %look

; Who wakes a sleeper takes back its word and then releases its lock: if the word is still there, nobody will.
bed:
  %counted = atomicrmw add ptr %sleepers, i64 1 seq_cst, align 8
  store atomic i64 1, ptr %asleep seq_cst, align 8
  %late = load atomic i64, ptr %team seq_cst, align 8
  %missed = icmp ne i64 %late, %seen
  br i1 %missed, label %rise, label %rest
rise:
  %was = atomicrmw xchg ptr %asleep, i64 0 seq_cst, align 8
  %unnoticed = icmp ne i64 %was, 0
  br i1 %unnoticed, label %woken, label %rest
rest:
  %locked = call i32 %sleep(ptr %lock, i32 1)
  br label %woken
woken:
  %discounted = atomicrmw sub ptr %sleepers, i64 1 seq_cst, align 8
  br label %look

come:
  %stop = load atomic i64, ptr %stop.at acquire, align 8
  %stopped = icmp ne i64 %stop, 0
  br i1 %stopped, label %done, label %go
go:
  %threads = and i64 %open, {MOST_THREADS}
  %concerned = icmp ult i64 %thread, %threads
  br i1 %concerned, label %mine, label %look
mine:
  %number = lshr i64 %open, 16
  %free = call i1 @claim(ptr %team, i64 %thread, i64 %number)
  br i1 %free, label %work, label %look
work:
  %section = load ptr, ptr %section.at, align 8
  %context = load ptr, ptr %context.at, align 8
  call void %section(ptr %context, i64 %thread, i64 %threads)
  %told = atomicrmw add ptr %finished, i64 1 acq_rel, align 8
  br label %look
done:
  ret void
}}

; Have all workers return.
define void @stop(ptr %team, i64 %threads) nounwind {{
  %stop.at = getelementptr i8, ptr %team, i64 {STOP}
  store atomic i64 1, ptr %stop.at release, align 8
  %number = call i64 @open(ptr %team, i64 %threads)
  ret void
}}

define void @spin(ptr %word, i64 %count) nounwind {{
entry:
  br label %look
look:
  %turn = phi i64 [ 0, %entry ], [ %next, %look ]
  %now = load atomic i64, ptr %word acquire, align 8
  {pause}
  %next = add i64 %turn, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %look, label %done
done:
  ret void
}}

define void @yields(ptr %yield, i64 %count) nounwind {{
entry:
  br label %again
again:
  %turn = phi i64 [ 0, %entry ], [ %next, %again ]
  %ignored = call i32 %yield()
  %next = add i64 %turn, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %again, label %done
done:
  ret void
}}
"""
