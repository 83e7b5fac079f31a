// The matrix unit of a processor (Intel AMX): whether this process may use it.
#pragma once
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

// Asks the system for the matrix unit's registers, which it grants to a process once and for all threads; false where
// the processor has none. https://docs.kernel.org/arch/x86/xstate.html
inline bool allow_matrix_unit() {
  constexpr long kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  constexpr unsigned kTile = 1u << 24, kInt8 = 1u << 25;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & kTile) || !(d & kInt8)) return false;
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}
