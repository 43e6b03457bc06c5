// The IR operations that LLVM's C interface lacks: cloning a function, splitting blocks, turning a call
// into an invoke, dropping attributes. Each is a thin call of the C++ interface; no decision is made here.

#include "llvm-c/Core.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/BasicBlock.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/SSAUpdater.h"

using namespace llvm;

extern "C" {

// Clones the body of `from` into the empty-bodied `to`. `args[i]` stands for argument i of `from` in the
// clone. On return new_values[i] is the clone of the instruction or block old_values[i].
void popcorn_clone_body(LLVMValueRef to, LLVMValueRef from, LLVMValueRef *args,
                        LLVMValueRef *old_values, LLVMValueRef *new_values, size_t count) {
  Function *To = unwrap<Function>(to), *From = unwrap<Function>(from);
  ValueToValueMapTy Map;
  size_t I = 0;
  for (Argument &A : From->args())
    Map[&A] = unwrap(args[I++]);
  SmallVector<ReturnInst *, 8> Returns;
  CloneFunctionInto(To, From, Map, CloneFunctionChangeType::LocalChangesOnly, Returns);
  for (I = 0; I < count; I++) {
    Value *New = Map.lookup(unwrap(old_values[I]));
    new_values[I] = wrap(New);
  }
}

// Splits the block of `inst` in two; `inst` is the first instruction of the new one, which is returned.
LLVMBasicBlockRef popcorn_split_before(LLVMValueRef inst, const char *name) {
  Instruction *I = unwrap<Instruction>(inst);
  return wrap(I->getParent()->splitBasicBlock(I->getIterator(), name));
}

// Splits the edge from -> to (all parallel edges of one terminator are kept apart) and returns the new block.
LLVMBasicBlockRef popcorn_split_edge(LLVMBasicBlockRef from, LLVMBasicBlockRef to) {
  return wrap(SplitEdge(unwrap(from), unwrap(to)));
}

// Turns a call into an invoke with this unwind destination; the rest of the block becomes the normal
// destination, which is returned.
LLVMBasicBlockRef popcorn_call_to_invoke(LLVMValueRef call, LLVMBasicBlockRef unwind) {
  CallInst *CI = unwrap<CallInst>(call);
  BasicBlock *Next = changeToInvokeAndSplitBasicBlock(CI, unwrap(unwind));
  return wrap(Next);
}

// Moves a terminator into a block of its own, which is entered through a callbr of empty assembly.
void popcorn_isolate_terminator(LLVMValueRef inst) {
  Instruction *I = unwrap<Instruction>(inst);
  BasicBlock *From = I->getParent();
  BasicBlock *Next = From->splitBasicBlock(I->getIterator(), "isolated");
  From->getTerminator()->eraseFromParent();
  FunctionType *Ty = FunctionType::get(Type::getVoidTy(I->getContext()), false);
  InlineAsm *Empty = InlineAsm::get(Ty, "", "", /*hasSideEffects=*/true);
  CallBrInst *Fence = CallBrInst::Create(Ty, Empty, Next, {}, {}, "", From);
  Fence->setDoesNotThrow();
  Fence->setDebugLoc(I->getDebugLoc());
}

// Marks the parameters and the result of a function or call that are i32 as sign-extended to a register.
void popcorn_sign_extend_ints(LLVMValueRef value) {
  auto Mark = [](auto *X, FunctionType *Ty) {
    for (unsigned I = 0; I < Ty->getNumParams(); I++)
      if (Ty->getParamType(I)->isIntegerTy(32)) {
        X->removeParamAttr(I, Attribute::ZExt);
        X->addParamAttr(I, Attribute::SExt);
      }
    if (Ty->getReturnType()->isIntegerTy(32)) {
      X->removeRetAttr(Attribute::ZExt);
      X->addRetAttr(Attribute::SExt);
    }
  };
  if (auto *F = dyn_cast<Function>(unwrap(value)))
    Mark(F, F->getFunctionType());
  else if (auto *CB = dyn_cast<CallBase>(unwrap(value)))
    Mark(CB, CB->getFunctionType());
}

// Drops what is no longer true of a function or call below which the process may be moved. Returns
// whether anything was dropped.
int popcorn_drop_attributes(LLVMValueRef value) {
  static const Attribute::AttrKind Fn[] = {
      Attribute::NoUnwind, Attribute::WillReturn,   Attribute::Memory,  Attribute::NoSync,
      Attribute::NoFree,   Attribute::NoRecurse,    Attribute::MustProgress, Attribute::Speculatable,
      Attribute::NoCallback, Attribute::NoDuplicate};
  static const Attribute::AttrKind Param[] = {
      Attribute::Captures, Attribute::ReadOnly,     Attribute::ReadNone, Attribute::WriteOnly,
      Attribute::Returned, Attribute::Initializes,  Attribute::DeadOnUnwind, Attribute::NoFree};
  bool Changed = false;
  auto Drop = [&](auto *X, unsigned Args) {
    for (auto K : Fn)
      if (X->getAttributes().hasFnAttr(K)) {
        X->removeFnAttr(K);
        Changed = true;
      }
    for (unsigned I = 0; I < Args; I++)
      for (auto K : Param)
        if (X->getAttributes().hasParamAttr(I, K)) {
          X->removeParamAttr(I, K);
          Changed = true;
        }
  };
  if (auto *F = dyn_cast<Function>(unwrap(value)))
    Drop(F, F->arg_size());
  else if (auto *CB = dyn_cast<CallBase>(unwrap(value)))
    Drop(CB, CB->arg_size());
  return Changed;
}

// Drops every attribute of the return value and parameters except byval, sret and alignment, and what
// names a CPU from the function.
void popcorn_drop_target_attributes(LLVMValueRef function) {
  Function *F = unwrap<Function>(function);
  for (const char *K : {"target-cpu", "target-features", "tune-cpu", "min-legal-vector-width",
                        "frame-pointer", "probe-stack", "stack-probe-size",
                        "stack-protector-buffer-size"})
    F->removeFnAttr(K);
  for (auto K : {Attribute::StackProtect, Attribute::StackProtectReq, Attribute::StackProtectStrong,
                 Attribute::OptimizeNone, Attribute::NoRedZone, Attribute::NonLazyBind,
                 Attribute::NoCfCheck})
    F->removeFnAttr(K);
}

// The C API can set fast-math flags, not take them away.
void popcorn_forbid_contraction(LLVMValueRef function) {
  for (Instruction &I : instructions(*unwrap<Function>(function)))
    if (isa<FPMathOperator>(I))
      I.setHasAllowContract(false);
}

void popcorn_drop_personality(LLVMValueRef function) {
  unwrap<Function>(function)->setPersonalityFn(nullptr);
}

// The type a byval, sret or inalloca attribute of parameter `index` names, or null.
LLVMTypeRef popcorn_byval_type(LLVMValueRef value, unsigned index) {
  if (auto *F = dyn_cast<Function>(unwrap(value)))
    return wrap(F->getParamByValType(index));
  return wrap(cast<CallBase>(unwrap(value))->getParamByValType(index));
}

// Removes byval from parameter `index` of a function or call.
void popcorn_remove_byval(LLVMValueRef value, unsigned index) {
  if (auto *F = dyn_cast<Function>(unwrap(value)))
    F->removeParamAttr(index, Attribute::ByVal);
  else
    cast<CallBase>(unwrap(value))->removeParamAttr(index, Attribute::ByVal);
}

// Alignment attribute of parameter `index`, 0 if there is none.
uint64_t popcorn_param_align(LLVMValueRef value, unsigned index) {
  MaybeAlign A;
  if (auto *F = dyn_cast<Function>(unwrap(value)))
    A = F->getParamAlign(index);
  else
    A = cast<CallBase>(unwrap(value))->getParamAlign(index);
  return A ? A->value() : 0;
}

// Copies calling convention, tail-call kind, debug location and the attributes of the first `args`
// parameters from one call to another.
void popcorn_copy_call(LLVMValueRef to, LLVMValueRef from, unsigned args) {
  CallBase *T = cast<CallBase>(unwrap(to)), *F = cast<CallBase>(unwrap(from));
  AttributeList A = F->getAttributes();
  SmallVector<AttributeSet, 8> P;
  for (unsigned I = 0; I < args; I++)
    P.push_back(A.getParamAttrs(I));
  T->setAttributes(AttributeList::get(T->getContext(), A.getFnAttrs(), A.getRetAttrs(), P));
  T->setCallingConv(F->getCallingConv());
  T->setDebugLoc(F->getDebugLoc());
  if (auto *TC = dyn_cast<CallInst>(T))
    if (auto *FC = dyn_cast<CallInst>(F))
      TC->setTailCallKind(FC->getTailCallKind());
}

// Puts `to` into the place of `from`: name, linkage, visibility, comdat, section, attributes (of the parameters
// that `from` has), garbage collector, prefix and prologue data, personality, metadata and body, whose
// arguments become those of `to`. `from` is erased.
void popcorn_move_function(LLVMValueRef to, LLVMValueRef from) {
  Function *T = unwrap<Function>(to), *F = unwrap<Function>(from);
  T->copyAttributesFrom(F);
  T->setLinkage(F->getLinkage());
  T->setDSOLocal(F->isDSOLocal());
  AttributeList A = F->getAttributes();
  SmallVector<AttributeSet, 8> P;
  for (unsigned I = 0; I < F->arg_size(); I++)
    P.push_back(A.getParamAttrs(I));
  T->setAttributes(AttributeList::get(T->getContext(), A.getFnAttrs(), A.getRetAttrs(), P));
  T->setComdat(F->getComdat());
  T->copyMetadata(F, 0);
  F->clearMetadata();
  T->splice(T->begin(), F);
  auto TA = T->arg_begin();
  for (Argument &FA : F->args()) {
    FA.replaceAllUsesWith(&*TA);
    TA->takeName(&FA);
    ++TA;
  }
  F->replaceAllUsesWith(T);
  T->takeName(F);
  F->eraseFromParent();
}

// Erases the incoming values of `pred` from the phis of `block`.
void popcorn_remove_predecessor(LLVMBasicBlockRef block, LLVMBasicBlockRef pred) {
  unwrap(block)->removePredecessor(unwrap(pred), /*KeepOneInputPHIs=*/true);
}

// Deletes blocks that cannot be reached from the entry.
void popcorn_remove_unreachable(LLVMValueRef function) {
  removeUnreachableBlocks(*unwrap<Function>(function));
}

// File and line of an instruction's debug location; line 0 if it has none. The text lives as long as
// the context.
unsigned popcorn_debug_line(LLVMValueRef inst, const char **file, size_t *length) {
  *file = "";
  *length = 0;
  if (auto *I = dyn_cast<Instruction>(unwrap(inst)))
    if (const DebugLoc &L = I->getDebugLoc()) {
      StringRef N = L->getFilename();
      *file = N.data();
      *length = N.size();
      return L.getLine();
    }
  return 0;
}

// The first place where an ordinary instruction may stand in a block.
LLVMValueRef popcorn_first_insertion_point(LLVMBasicBlockRef block) {
  BasicBlock *B = unwrap(block);
  auto I = B->getFirstInsertionPt();
  return I == B->end() ? nullptr : wrap(&*I);
}

// Marks a conditional branch or invoke as taken almost never towards successor 0.
void popcorn_mark_unlikely(LLVMValueRef branch) {
  Instruction *I = unwrap<Instruction>(branch);
  I->setMetadata(LLVMContext::MD_prof,
                 MDBuilder(I->getContext()).createBranchWeights(1, 1 << 20));
}

// Gives an instruction the debug location that a call in a function with debug information must have.
void popcorn_set_debug_location(LLVMValueRef inst, LLVMValueRef like) {
  Instruction *I = unwrap<Instruction>(inst);
  if (like)
    if (auto *L = dyn_cast<Instruction>(unwrap(like)))
      if (L->getDebugLoc()) {
        I->setDebugLoc(L->getDebugLoc());
        return;
      }
  if (DISubprogram *SP = I->getFunction()->getSubprogram())
    I->setDebugLoc(DILocation::get(I->getContext(), 0, 0, SP));
}

// Whether an instruction marks the start or end of an alloca's life.
int popcorn_is_lifetime(LLVMValueRef inst) {
  auto *I = dyn_cast<IntrinsicInst>(unwrap(inst));
  return I && I->isLifetimeStartOrEnd();
}

// Whether an instruction is an alloca of constant size in the entry block.
unsigned popcorn_is_static_alloca(LLVMValueRef inst) {
  auto *A = dyn_cast<AllocaInst>(unwrap(inst));
  return A && A->isStaticAlloca();
}

// Bytes of a static alloca, by the module's layout.
uint64_t popcorn_alloca_size(LLVMValueRef inst) {
  auto *A = cast<AllocaInst>(unwrap(inst));
  auto S = A->getAllocationSize(A->getModule()->getDataLayout());
  return S ? S->getFixedValue() : 0;
}

// Natural-loop headers' back edges: fills pairs (latch, header) up to `capacity`, returns how many exist.
size_t popcorn_back_edges(LLVMValueRef function, LLVMBasicBlockRef *latches,
                          LLVMBasicBlockRef *headers, size_t capacity) {
  Function *F = unwrap<Function>(function);
  SmallVector<std::pair<const BasicBlock *, const BasicBlock *>, 32> Edges;
  FindFunctionBackedges(*F, Edges);
  size_t N = 0;
  for (auto &E : Edges) {
    if (N < capacity) {
      latches[N] = wrap(const_cast<BasicBlock *>(E.first));
      headers[N] = wrap(const_cast<BasicBlock *>(E.second));
    }
    N++;
  }
  return N;
}

// Moves every value used outside its block to an alloca, phis included, so that control flow edges may be
// added freely. Values of the entry block that only allocas precede stay.
void popcorn_demote_registers(LLVMValueRef function) {
  Function *F = unwrap<Function>(function);
  SmallVector<Instruction *, 64> Values;
  SmallVector<PHINode *, 16> Phis;
  for (BasicBlock &B : *F)
    for (Instruction &I : B) {
      if (isa<AllocaInst>(I) && cast<AllocaInst>(I).isStaticAlloca())
        continue;
      if (auto *P = dyn_cast<PHINode>(&I)) {
        Phis.push_back(P);
        continue;
      }
      if (I.isUsedOutsideOfBlock(&B))
        Values.push_back(&I);
    }
  for (Instruction *I : Values)
    DemoteRegToStack(*I);
  for (PHINode *P : Phis)
    DemotePHIToStack(P);
}

// Makes each use of `value` see the definition that reaches it, where `value` itself and values[i], at the
// end of blocks[i], define the same variable. Phis are made where definitions meet.
void popcorn_merge_definitions(LLVMValueRef value, LLVMBasicBlockRef *blocks, LLVMValueRef *values,
                               size_t count) {
  Value *V = unwrap(value);
  BasicBlock *Home = nullptr;
  if (auto *I = dyn_cast<Instruction>(V))
    Home = I->getParent();
  else
    Home = &cast<Argument>(V)->getParent()->getEntryBlock();
  SSAUpdater Updater;
  Updater.Initialize(V->getType(), V->getName());
  Updater.AddAvailableValue(Home, V);
  for (size_t I = 0; I < count; I++)
    Updater.AddAvailableValue(unwrap(blocks[I]), unwrap(values[I]));
  SmallVector<Use *, 16> Uses;
  for (Use &U : V->uses()) {
    auto *User = cast<Instruction>(U.getUser());
    if (isa<PHINode>(User) || User->getParent() != Home)
      Uses.push_back(&U);
  }
  for (Use *U : Uses)
    Updater.RewriteUse(*U);
}

// One section per function and per global.
void popcorn_section_per_symbol(void *machine) {
  TargetMachine *TM = reinterpret_cast<TargetMachine *>(machine);
  TM->Options.FunctionSections = true;
  TM->Options.DataSections = true;
  TM->Options.UniqueSectionNames = true;
  TM->Options.SeparateNamedSections = true; // those that the source names as well
  TM->Options.UseInitArray = true; // the default is .ctors, which libc does not run
}

} // extern "C"
