// Natural loops of one function, for the pass that places migration points: what LLVM's loop analyses
// know, and the two changes of shape the pass asks for. It decides; this only does.

#include "llvm-c/Core.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/UnrollLoop.h"

using namespace llvm;

namespace {
struct Loops {
  Function &F;
  DominatorTree DT;
  LoopInfo LI;
  AssumptionCache AC;
  TargetLibraryInfoImpl Impl;
  TargetLibraryInfo TLI;
  ScalarEvolution SE;
  TargetTransformInfo TTI;
  OptimizationRemarkEmitter ORE;
  SmallVector<Loop *, 16> Order;

  Loops(Function &F, bool Simplify)
      : F(F), DT(F), LI(DT), AC(F), Impl(F.getParent()->getTargetTriple()), TLI(Impl, &F),
        SE(F, TLI, AC, DT, LI), TTI(F.getDataLayout()), ORE(&F) {
    // Preheaders, one latch, exits of their own, and values that leave through phis.
    for (Loop *L : LI) {
      if (!Simplify)
        break;
      simplifyLoop(L, &DT, &LI, &SE, &AC, nullptr, /*PreserveLCSSA=*/false);
      formLCSSARecursively(*L, DT, &LI, &SE);
    }
    // Inner loops first.
    auto Preorder = LI.getLoopsInPreorder();
    Order.append(Preorder.rbegin(), Preorder.rend());
  }
};
} // namespace

extern "C" {

Loops *popcorn_loops_new(LLVMValueRef function, int simplify) {
  return new Loops(*unwrap<Function>(function), simplify);
}
void popcorn_loops_free(Loops *loops) { delete loops; }
size_t popcorn_loops_count(Loops *loops) { return loops->Order.size(); }
Loop *popcorn_loops_at(Loops *loops, size_t i) { return loops->Order[i]; }

LLVMBasicBlockRef popcorn_loop_header(Loop *L) { return wrap(L->getHeader()); }
LLVMBasicBlockRef popcorn_loop_latch(Loop *L) { return wrap(L->getLoopLatch()); }
LLVMBasicBlockRef popcorn_loop_preheader(Loop *L) { return wrap(L->getLoopPreheader()); }
Loop *popcorn_loop_parent(Loop *L) { return L->getParentLoop(); }
int popcorn_loop_is_innermost(Loop *L) { return L->isInnermost(); }
size_t popcorn_loop_block_count(Loop *L) { return L->getNumBlocks(); }
LLVMBasicBlockRef popcorn_loop_block(Loop *L, size_t i) { return wrap(L->getBlocks()[i]); }
int popcorn_loops_dominates(Loops *loops, LLVMBasicBlockRef a, LLVMBasicBlockRef b) {
  return loops->DT.dominates(unwrap(a), unwrap(b));
}
int popcorn_loop_contains(Loop *L, LLVMBasicBlockRef block) { return L->contains(unwrap(block)); }

// The most often the body can run, 0 if that is not a known constant.
unsigned popcorn_loop_max_trip_count(Loops *loops, Loop *L) {
  if (unsigned N = loops->SE.getSmallConstantMaxTripCount(L))
    return N;
  // A triangular loop's count may be -1 as far as ranges tell: a loop that would not end. Guards exclude it.
  const SCEV *Count = loops->SE.getBackedgeTakenCount(L);
  if (isa<SCEVCouldNotCompute>(Count))
    return 0;
  ConstantRange Range = loops->SE.getSignedRange(Count);
  if (Range.getSignedMin().slt(-1) || Range.getSignedMax().sgt(1 << 30))
    return 0;
  return Range.getSignedMax().getZExtValue() + 1;
}

// Makes a second version of the loop. `condition`, computed in the preheader, chooses the first. Returns
// the second, or null if the loop cannot be copied.
Loop *popcorn_loop_version(Loops *loops, Loop *L, LLVMValueRef condition) {
  if (!L->isSafeToClone() || !L->isLoopSimplifyForm())
    return nullptr;
  DominatorTree &DT = loops->DT;
  LoopInfo &LI = loops->LI;
  SmallVector<BasicBlock *, 4> Exits;
  L->getUniqueExitBlocks(Exits);
  BasicBlock *Check = L->getLoopPreheader();
  BasicBlock *Preheader = SplitBlock(Check, Check->getTerminator(), &DT, &LI, nullptr, "loop.short");
  ValueToValueMapTy Map;
  SmallVector<BasicBlock *, 8> Blocks;
  Loop *Second = cloneLoopWithPreheader(Preheader, Check, L, Map, ".long", &LI, &DT, Blocks);
  remapInstructionsInBlocks(Blocks, Map);
  Check->getTerminator()->eraseFromParent();
  BranchInst *Choice =
      BranchInst::Create(Preheader, Second->getLoopPreheader(), unwrap(condition), Check);
  // The first is likely, but not so much that the register allocator would spill inside the second.
  Choice->setMetadata(LLVMContext::MD_prof,
                      MDBuilder(Choice->getContext()).createBranchWeights(15, 1));
  for (BasicBlock *Exit : Exits)
    for (PHINode &P : Exit->phis())
      for (unsigned I = 0, N = P.getNumIncomingValues(); I < N; I++) {
        BasicBlock *From = P.getIncomingBlock(I);
        if (!L->contains(From))
          continue;
        Value *V = P.getIncomingValue(I);
        auto It = Map.find(V);
        P.addIncoming(It == Map.end() ? V : &*It->second, cast<BasicBlock>(Map[From]));
      }
  DT.recalculate(loops->F);
  loops->SE.forgetAllLoops();
  return Second;
}

// Repeats the body `count` times, each copy with its exits. Returns whether it was done.
int popcorn_loop_unroll(Loops *loops, Loop *L, unsigned count) {
  UnrollLoopOptions O;
  O.Count = count;
  O.Force = true;
  O.Runtime = false;
  O.AllowExpensiveTripCount = false;
  O.UnrollRemainder = false;
  O.ForgetAllSCEV = true;
  O.SCEVExpansionBudget = 0;
  if (!L->isLoopSimplifyForm() || !L->isSafeToClone() || !L->isLCSSAForm(loops->DT))
    return 0;
  // Few rounds would be laid out one after the other, and the loop, which the caller still looks at, freed.
  unsigned Most = loops->SE.getSmallConstantMaxTripCount(L);
  if (Most != 0 && Most <= count)
    return 0;
  return UnrollLoop(L, O, &loops->LI, &loops->SE, &loops->DT, &loops->AC, &loops->TTI, &loops->ORE,
                    /*PreserveLCSSA=*/true) == LoopUnrollResult::PartiallyUnrolled;
}

// Gathers the edges that enter a natural loop from outside in one new block in front of its header.
LLVMBasicBlockRef popcorn_gather_entries(LLVMBasicBlockRef header) {
  BasicBlock *H = unwrap(header);
  DominatorTree DT(*H->getParent());
  SmallVector<BasicBlock *, 4> Outside;
  for (BasicBlock *P : predecessors(H))
    if (!DT.dominates(H, P) && !is_contained(Outside, P))
      Outside.push_back(P);
  return wrap(SplitBlockPredecessors(H, Outside, ".entered"));
}

} // extern "C"
