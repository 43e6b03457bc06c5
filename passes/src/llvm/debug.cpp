// What debug information says of a function: its name, where an instruction comes from, and which values
// hold which variables. Only reads. Texts are the caller's to free (LLVMDisposeMessage).

#include "llvm-c/Core.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DebugProgramInstruction.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include <string>

using namespace llvm;

namespace {
// One record: `variable`, inlined at `at`, has another place from `before` on.
struct Record {
  LLVMValueRef before;
  LLVMValueRef value;
  int64_t number;
  uint32_t kind; // 0 unknown, 1 the value, 2 memory at value + number, 3 the number, 4 value + number
  uint32_t everywhere; // true of the whole function
  void *variable;
  void *at;
};

struct Place {
  char *function;
  char *file;
  uint32_t line, column;
};

struct Described {
  char *name;
  char *type;
  uint64_t size;
  uint32_t kind; // popcorn_metadata::info::Class
};

char *text(StringRef S) { return LLVMCreateMessage(S.str().c_str()); }

std::string spell(const DIType *T) {
  if (!T)
    return "void";
  if (auto *D = dyn_cast<DIDerivedType>(T)) {
    std::string Base = spell(D->getBaseType());
    switch (D->getTag()) {
    case dwarf::DW_TAG_pointer_type:
      return Base + (!Base.empty() && Base.back() == '*' ? "*" : " *");
    case dwarf::DW_TAG_const_type: {
      bool Pointer = !Base.empty() && Base.back() == '*';
      return Pointer ? Base + " const" : "const " + Base;
    }
    case dwarf::DW_TAG_volatile_type:
      return "volatile " + Base;
    case dwarf::DW_TAG_typedef:
      return D->getName().str();
    default:
      return Base;
    }
  }
  if (auto *C = dyn_cast<DICompositeType>(T)) {
    if (C->getTag() == dwarf::DW_TAG_array_type) {
      std::string S = spell(C->getBaseType());
      for (DINode *E : C->getElements())
        if (auto *R = dyn_cast<DISubrange>(E)) {
          auto *N = dyn_cast_if_present<ConstantInt *>(R->getCount());
          S += N ? "[" + std::to_string(N->getSExtValue()) + "]" : "[]";
        }
      return S;
    }
    const char *Word = C->getTag() == dwarf::DW_TAG_union_type         ? "union "
                       : C->getTag() == dwarf::DW_TAG_enumeration_type ? "enum "
                                                                       : "struct ";
    return Word + (C->getName().empty() ? std::string("(unnamed)") : C->getName().str());
  }
  if (isa<DISubroutineType>(T))
    return "function";
  return T->getName().str();
}

// The type behind names and qualifiers.
const DIType *strip(const DIType *T) {
  while (auto *D = dyn_cast_or_null<DIDerivedType>(T)) {
    if (D->getTag() == dwarf::DW_TAG_pointer_type)
      break;
    T = D->getBaseType();
  }
  return T;
}

uint32_t classify(const DIType *T) {
  T = strip(T);
  if (auto *D = dyn_cast_or_null<DIDerivedType>(T)) {
    auto *B = dyn_cast_or_null<DIBasicType>(strip(D->getBaseType()));
    bool Characters = B && (B->getEncoding() == dwarf::DW_ATE_signed_char ||
                            B->getEncoding() == dwarf::DW_ATE_unsigned_char);
    return Characters ? 7 : 6;
  }
  if (auto *C = dyn_cast_or_null<DICompositeType>(T))
    return C->getTag() == dwarf::DW_TAG_enumeration_type ? 1 : 0;
  if (auto *B = dyn_cast_or_null<DIBasicType>(T))
    switch (B->getEncoding()) {
    case dwarf::DW_ATE_signed:
      return 1;
    case dwarf::DW_ATE_unsigned:
      return 2;
    case dwarf::DW_ATE_float:
      return 3;
    case dwarf::DW_ATE_boolean:
      return 4;
    case dwarf::DW_ATE_signed_char:
    case dwarf::DW_ATE_unsigned_char:
      return 5;
    }
  return 0;
}

uint64_t bytes(const DIType *T) {
  for (; T; T = cast<DIDerivedType>(T)->getBaseType()) {
    if (T->getSizeInBits())
      return T->getSizeInBits() / 8;
    if (!isa<DIDerivedType>(T))
      break;
  }
  return 0;
}

void place(Record &R, const DbgVariableRecord &D) {
  DIExpression *E = D.getExpression();
  if (D.isKillLocation() || D.hasArgList() || D.getNumVariableLocationOps() != 1)
    return;
  Value *V = D.getVariableLocationOp(0);
  R.value = wrap(V);
  bool Memory = D.isDbgDeclare();
  SmallVector<uint64_t, 4> Ops(E->elements_begin(), E->elements_end());
  if (!Ops.empty() && Ops.back() == dwarf::DW_OP_stack_value)
    Ops.pop_back();
  if (!Ops.empty() && Ops.back() == dwarf::DW_OP_deref) {
    if (Memory)
      return; // behind a pointer in memory
    Memory = true;
    Ops.pop_back();
  }
  int64_t Offset = 0;
  if (!DIExpression::get(E->getContext(), Ops)->extractIfOffset(Offset))
    return;
  R.number = Offset;
  if (auto *C = dyn_cast<ConstantInt>(V)) {
    if (Memory || C->getBitWidth() > 64)
      return;
    R.number += C->getSExtValue();
    R.kind = 3;
  } else {
    R.kind = Memory ? 2 : Offset ? 4 : 1;
  }
}
} // namespace

extern "C" {

// The records of a function in program order: fills up to `capacity`, returns how many there are.
size_t popcorn_debug_records(LLVMValueRef function, Record *out, size_t capacity) {
  size_t N = 0;
  for (BasicBlock &B : *unwrap<Function>(function))
    for (Instruction &I : B)
      for (DbgVariableRecord &D : filterDbgVars(I.getDbgRecordRange())) {
        Record R = {wrap(&I), nullptr, 0, 0, D.isDbgDeclare(), D.getVariable(),
                    D.getDebugLoc().getInlinedAt()};
        place(R, D);
        if (N < capacity)
          out[N] = R;
        N++;
      }
  return N;
}

// Name and type of a variable.
void popcorn_debug_variable(void *variable, Described *out) {
  auto *V = static_cast<DILocalVariable *>(variable);
  *out = {text(V->getName()), text(spell(V->getType())), bytes(V->getType()),
          classify(V->getType())};
}

// In which of an instruction's places, innermost first, a variable is in scope; -1 if in none.
int popcorn_debug_depth(LLVMValueRef inst, void *variable, void *at) {
  const DILocation *L = cast<Instruction>(unwrap(inst))->getDebugLoc();
  for (int Depth = 0; L; L = L->getInlinedAt(), Depth++) {
    if (L->getInlinedAt() != at)
      continue;
    DIScope *Wanted = static_cast<DILocalVariable *>(variable)->getScope();
    for (DIScope *S = L->getScope(); S; S = S->getScope()) {
      auto *Block = dyn_cast<DILexicalBlockFile>(S);
      if (S == Wanted || (Block && Block->getScope() == Wanted))
        return Depth;
      if (isa<DISubprogram>(S))
        break;
    }
  }
  return -1;
}

// Number `index` of an instruction's places, innermost first. Returns whether there is such a place.
int popcorn_debug_place(LLVMValueRef inst, size_t index, Place *out) {
  const DILocation *L = cast<Instruction>(unwrap(inst))->getDebugLoc();
  for (; L && index; index--)
    L = L->getInlinedAt();
  if (!L)
    return 0;
  DISubprogram *P = L->getScope()->getSubprogram();
  *out = {text(P ? P->getName() : ""), text(L->getFilename()), L->getLine(), L->getColumn()};
  return 1;
}

// Name, file and line of a function's source. Returns whether they are known.
int popcorn_debug_function(LLVMValueRef function, Place *out) {
  DISubprogram *P = unwrap<Function>(function)->getSubprogram();
  if (!P)
    return 0;
  *out = {text(P->getName()), text(P->getFilename()), P->getLine(), 0};
  return 1;
}

// The pointer that a `getelementptr` with constant indices adds a number to, or null.
LLVMValueRef popcorn_constant_offset(LLVMValueRef value, int64_t *offset) {
  auto *G = dyn_cast<GEPOperator>(unwrap(value));
  auto *I = dyn_cast<Instruction>(unwrap(value));
  if (!G || !I)
    return nullptr;
  const DataLayout &L = I->getModule()->getDataLayout();
  APInt Sum(L.getIndexTypeSizeInBits(G->getType()), 0);
  if (!G->accumulateConstantOffset(L, Sum))
    return nullptr;
  *offset = Sum.getSExtValue();
  return wrap(G->getPointerOperand());
}

} // extern "C"
