"""The module of the workers: what they run in native code from their first moment to their last."""

from __future__ import annotations

from chainrule.native.target import Target
from chainrule.native.team import (
    ASLEEP,
    COUNT_BITS,
    LOCK,
    MOST_THREADS,
    NUMBER_SHIFT,
    SHARED_TEXT,
    SLEEP,
    SLEEPERS,
    SPINS,
    STOP,
    THREAD,
    THREAD_BYTES,
    YIELD,
    YIELDS,
    pause,
)


def worker_text(target: Target) -> str:
    """`worker`, which returns after `stop`, and loops to measure waiting with."""
    look_again, declaration = pause(target)
    return f"""{declaration}

{SHARED_TEXT}

; Do a share of every section that is open, until told to stop.
define void @worker(ptr %team, i64 %thread) nounwind {{
entry:
  %offset = mul i64 %thread, {THREAD_BYTES}
  %own = getelementptr i8, ptr %team, i64 %offset
  %asleep = getelementptr i8, ptr %own, i64 {THREAD + ASLEEP}
  %lock.at = getelementptr i8, ptr %own, i64 {THREAD + LOCK}
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
  %sleepers = getelementptr i8, ptr %team, i64 {SLEEPERS}
  br label %look

look:
  %turn = phi i64 [ 0, %entry ], [ %next, %on ], [ 0, %do ], [ 0, %woken ]
  %state = load atomic i64, ptr %team acquire, align 8
  %shifted = lshr i64 %state, {COUNT_BITS}
  %threads = and i64 %shifted, {MOST_THREADS}
  %number = lshr i64 %state, {NUMBER_SHIFT}
  %concerned = icmp ult i64 %thread, %threads
  br i1 %concerned, label %try, label %wait
try:
  %free = call i1 @claim(ptr %team, i64 %thread, i64 %number)
  br i1 %free, label %do, label %wait
do:
  call void @work(ptr %team, i64 %number, i64 %thread)
  br label %look

wait:
  %next = add i64 %turn, 1
  %stop = load atomic i64, ptr %stop.at acquire, align 8
  %stopped = icmp ne i64 %stop, 0
  br i1 %stopped, label %done, label %go
go:
  %brisk = icmp ult i64 %turn, %spins
  br i1 %brisk, label %spin, label %tired
spin:
  {look_again}
  br label %on
tired:
  %awake = icmp ult i64 %turn, %patience
  br i1 %awake, label %lazy, label %bed
lazy:
  %ignored = call i32 %yield()
  br label %on
on:
  br label %look

; Who wakes a sleeper takes back its word and then releases its lock: if the word is still there, nobody will.
bed:
  %counted = atomicrmw add ptr %sleepers, i64 1 seq_cst, align 8
  %announced = atomicrmw xchg ptr %asleep, i64 1 seq_cst, align 8
  %late = load atomic i64, ptr %team seq_cst, align 8
  %changed = icmp ne i64 %late, %state
  %stop.late = load atomic i64, ptr %stop.at seq_cst, align 8
  %told = icmp ne i64 %stop.late, 0
  %missed = or i1 %changed, %told
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
done:
  ret void
}}

; Have all workers return.
define void @stop(ptr %team, i64 %threads) nounwind {{
  %stop.at = getelementptr i8, ptr %team, i64 {STOP}
  store atomic i64 1, ptr %stop.at seq_cst, align 8
  call void @wake(ptr %team, i64 %threads)
  ret void
}}

define void @spin(ptr %word, i64 %count) nounwind {{
entry:
  br label %look
look:
  %turn = phi i64 [ 0, %entry ], [ %next, %look ]
  %now = load atomic i64, ptr %word acquire, align 8
  {look_again}
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
