//! A module, its context, and the back ends.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_uint, c_void};
use std::sync::Once;

use inkwell::OptimizationLevel;
use inkwell::context::Context;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{
    CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine, TargetTriple,
};
use llvm_sys::LLVMDiagnosticSeverity;
use llvm_sys::core::*;
use llvm_sys::prelude::{LLVMContextRef, LLVMDiagnosticInfoRef};
use popcorn_toolchains::{ALL, Isa};

use super::kinds::Linkage;
use super::shim;
use super::value::{Layout, Type, Value};
use crate::error::Error;
use crate::options::{OptLevel, Options};

/// Back-end options that keep globals and functions where the linker can see them: no merging, no
/// outlining, nothing that one ISA does and another does not ([`Isa::back_end_options`] likewise). In modules with
/// setjmp no function is found not to unwind, however it looks: a signal handler may longjmp out of it.
/// No verification when a module with debug information is read back: a clone's tail calls have another
/// prototype than the clone, which back ends lower and the verifier minds.
const BACK_END_OPTIONS: &[&str] = &[
    "popcorn",
    "-enable-global-merge=false",
    "-enable-machine-outliner=never",
    "-disable-mergeicmps",
    "-disable-nounwind-inference",
    "-disable-auto-upgrade-debug-info",
];

/// Registers the back ends; once per process, before any module is made.
fn initialize() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        Target::initialize_all(&InitializationConfig::default());
        let own = ALL.iter().flat_map(|isa| isa.back_end_options);
        let options: Vec<&str> = BACK_END_OPTIONS.iter().chain(own).copied().collect();
        configure(&options);
    });
}

/// Sets LLVM's global command-line options. The first word stands for the program.
fn configure(options: &[&str]) {
    let owned: Vec<CString> = options
        .iter()
        .map(|s| CString::new(*s).unwrap_or_default())
        .collect();
    let pointers: Vec<_> = owned.iter().map(|s| s.as_ptr()).collect();
    // SAFETY: the array and its strings live through the call; LLVM copies them.
    unsafe {
        llvm_sys::support::LLVMParseCommandLineOptions(
            pointers.len() as i32,
            pointers.as_ptr(),
            std::ptr::null(),
        );
    }
}

/// One module in a context of its own.
pub struct Module {
    // Order matters: the module is dropped before its context, and that before what its handler writes to.
    inner: inkwell::module::Module<'static>,
    context: Box<Context>,
    errors: Box<Errors>,
}

/// What LLVM found wrong while it worked on a module.
type Errors = RefCell<Vec<String>>;

/// Notes errors. Without a handler LLVM prints them and ends the process.
extern "C" fn note_error(diagnostic: LLVMDiagnosticInfoRef, errors: *mut c_void) {
    // SAFETY: LLVM hands over a live diagnostic and what was given to it with this function: the list of the
    // module, on the module's thread. The text is LLVM's to be freed.
    unsafe {
        if LLVMGetDiagInfoSeverity(diagnostic) != LLVMDiagnosticSeverity::LLVMDSError {
            return;
        }
        let text = LLVMGetDiagInfoDescription(diagnostic);
        let description = CStr::from_ptr(text).to_string_lossy().into_owned();
        LLVMDisposeMessage(text);
        let errors = &*errors.cast::<Errors>();
        errors.borrow_mut().push(description);
    }
}

impl Module {
    /// Reads bitcode or textual IR.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Module, Error> {
        initialize();
        let context = Box::new(Context::create());
        // SAFETY: the boxed context does not move and is dropped after the module (field order), so the
        // reference may be treated as static inside this struct.
        let forever: &'static Context = unsafe { &*std::ptr::from_ref(context.as_ref()) };
        let buffer = MemoryBuffer::create_from_memory_range_copy(bytes, name);
        let inner = forever
            .create_module_from_ir(buffer)
            .map_err(|e| Error::Parse {
                file: name.to_owned(),
                reason: e.to_string(),
            })?;
        inner.set_source_file_name(name);
        let module = Module {
            inner,
            context,
            errors: Box::default(),
        };
        module.note_errors();
        Ok(module)
    }

    /// From here on errors are noted.
    fn note_errors(&self) {
        let list: *const Errors = self.errors.as_ref();
        // SAFETY: the list does not move and outlives the context (field order).
        unsafe {
            LLVMContextSetDiagnosticHandler(
                self.context(),
                Some(note_error),
                list.cast_mut().cast(),
            );
        }
    }

    /// Reads IR of another's making, which may be against LLVM's rules: no pass is safe from such.
    pub fn parse_checked(bytes: &[u8], name: &str) -> Result<Module, Error> {
        let module = Self::parse(bytes, name)?;
        module.verify().map_err(|reason| Error::Invalid {
            file: name.to_owned(),
            reason: reason.trim_end().to_owned(),
        })?;
        Ok(module)
    }

    /// Links another module, bitcode or text, into this one. A symbol that both define is an error.
    pub fn link(&self, bytes: &[u8], name: &str) -> Result<(), Error> {
        let fail = |reason: String| Error::Parse {
            file: name.to_owned(),
            reason,
        };
        let buffer = MemoryBuffer::create_from_memory_range_copy(bytes, name);
        // SAFETY: as in `parse`; the other module is consumed before this function returns.
        let forever: &'static Context = unsafe { &*std::ptr::from_ref(self.context.as_ref()) };
        let other = forever
            .create_module_from_ir(buffer)
            .map_err(|e| fail(e.to_string()))?;
        other.verify().map_err(|e| Error::Invalid {
            file: name.to_owned(),
            reason: e.to_string().trim_end().to_owned(),
        })?;
        let linked = self.inner.link_in_module(other);
        // Linking has a handler of its own.
        self.note_errors();
        linked.map_err(|e| fail(e.to_string()))
    }

    /// Removes all debug information.
    pub fn strip_debug_info(&self) {
        self.inner.strip_debug_info();
    }

    /// A copy in a context of its own, for one ISA's lowering.
    pub fn duplicate(&self, name: &str) -> Result<Module, Error> {
        Self::parse(&self.bitcode(), name)
    }

    pub fn bitcode(&self) -> Vec<u8> {
        self.inner.write_bitcode_to_memory().as_slice().to_vec()
    }
    pub fn text(&self) -> String {
        self.inner.print_to_string().to_string()
    }
    pub fn verify(&self) -> Result<(), String> {
        self.inner.verify().map_err(|e| e.to_string())
    }
    fn machine(isa: &Isa, opt: OptLevel) -> Result<TargetMachine, Error> {
        let fail = |reason: String| Error::Internal {
            stage: "lower",
            reason,
        };
        let triple = TargetTriple::create(isa.triple);
        let target = Target::from_triple(&triple).map_err(|e| fail(e.to_string()))?;
        let level = match opt {
            OptLevel::O0 => OptimizationLevel::Less,
            OptLevel::O3 => OptimizationLevel::Aggressive,
            _ => OptimizationLevel::Default,
        };
        target
            .create_target_machine(
                &triple,
                isa.cpu,
                isa.features,
                level,
                RelocMode::Static,
                CodeModel::Small,
            )
            .ok_or_else(|| fail(format!("no target machine for {}", isa.name)))
    }

    /// Runs a textual pass pipeline with the cost model of `isa`.
    pub fn run_passes(&self, pipeline: &str, isa: &Isa, opt: OptLevel) -> Result<(), Error> {
        let machine = Self::machine(isa, opt)?;
        let options = PassBuilderOptions::create();
        if matches!(opt, OptLevel::O2 | OptLevel::O3 | OptLevel::Os) {
            options.set_loop_vectorization(true);
            options.set_loop_slp_vectorization(true);
            options.set_loop_interleaving(true);
            options.set_loop_unrolling(true);
        }
        self.inner
            .run_passes(pipeline, &machine, options)
            .map_err(|e| Error::Internal {
                stage: "optimise",
                reason: e.to_string(),
            })
    }

    /// Gives the module the triple and data layout of `isa`.
    pub fn retarget(&self, isa: &Isa) -> Result<(), Error> {
        self.inner.set_triple(&TargetTriple::create(isa.triple));
        let layout = CString::new(isa.data_layout).unwrap_or_default();
        // SAFETY: the string is copied.
        unsafe { LLVMSetDataLayout(self.inner.as_mut_ptr(), layout.as_ptr()) };
        Ok(())
    }

    /// Emits machine code or assembly for `isa`, whose layout the module already has.
    pub fn emit(&self, isa: &Isa, options: &Options, assembly: bool) -> Result<Vec<u8>, Error> {
        let machine = Self::machine(isa, options.opt)?;
        machine.set_asm_verbosity(true);
        // SAFETY: the machine is live; the call sets fields of its options.
        unsafe { shim::popcorn_section_per_symbol(machine.as_mut_ptr().cast()) };
        let kind = if assembly {
            FileType::Assembly
        } else {
            FileType::Object
        };
        let buffer = machine
            .write_to_memory_buffer(&self.inner, kind)
            .map_err(|e| Error::Internal {
                stage: "lower",
                reason: format!("{}: {e}", isa.name),
            })?;
        if let Some(reason) = self.errors.borrow().first() {
            return Err(Error::Refused {
                file: options.name.clone(),
                isa: isa.name,
                reason: reason.clone(),
            });
        }
        Ok(buffer.as_slice().to_vec())
    }
}

// SAFETY (this impl block): the module reference is live as long as `self`.
impl Module {
    pub(super) fn context(&self) -> LLVMContextRef {
        self.context.raw()
    }
    fn raw(&self) -> llvm_sys::prelude::LLVMModuleRef {
        self.inner.as_mut_ptr()
    }
    pub fn layout(&self) -> Layout {
        unsafe { Layout::of(self.raw()) }
    }
    /// The first function that code is to choose at start-up.
    pub fn ifunc(&self) -> Option<Value> {
        let f = unsafe { LLVMGetFirstGlobalIFunc(self.raw()) };
        (!f.is_null()).then_some(Value(f))
    }
    pub fn functions(&self) -> Vec<Value> {
        unsafe {
            let mut out = Vec::new();
            let mut f = LLVMGetFirstFunction(self.raw());
            while !f.is_null() {
                out.push(Value(f));
                f = LLVMGetNextFunction(f);
            }
            out
        }
    }
    /// Functions with a body.
    pub fn definitions(&self) -> Vec<Value> {
        self.functions()
            .into_iter()
            .filter(|f| !f.is_declaration())
            .collect()
    }
    pub fn globals(&self) -> Vec<Value> {
        unsafe {
            let mut out = Vec::new();
            let mut g = LLVMGetFirstGlobal(self.raw());
            while !g.is_null() {
                out.push(Value(g));
                g = LLVMGetNextGlobal(g);
            }
            out
        }
    }
    pub fn function(&self, name: &str) -> Option<Value> {
        let n = CString::new(name).ok()?;
        let f = unsafe { LLVMGetNamedFunction(self.raw(), n.as_ptr()) };
        (!f.is_null()).then_some(Value(f))
    }
    pub fn global(&self, name: &str) -> Option<Value> {
        let n = CString::new(name).ok()?;
        let g = unsafe { LLVMGetNamedGlobal(self.raw(), n.as_ptr()) };
        (!g.is_null()).then_some(Value(g))
    }
    pub fn add_function(&self, name: &str, ty: Type) -> Value {
        let n = CString::new(name).unwrap_or_default();
        unsafe { Value(LLVMAddFunction(self.raw(), n.as_ptr(), ty.0)) }
    }
    /// The function of this name, declared if it does not exist.
    pub fn declare(&self, name: &str, ty: Type) -> Value {
        self.function(name)
            .unwrap_or_else(|| self.add_function(name, ty))
    }
    pub fn add_global(&self, name: &str, ty: Type) -> Value {
        let n = CString::new(name).unwrap_or_default();
        unsafe { Value(LLVMAddGlobal(self.raw(), ty.0, n.as_ptr())) }
    }
    /// The external global of this name, declared if it does not exist.
    pub fn declare_global(&self, name: &str, ty: Type) -> Value {
        self.global(name)
            .unwrap_or_else(|| self.add_global(name, ty))
    }
    /// The thread-local external of this name, local-exec.
    pub fn declare_thread_local(&self, name: &str, ty: Type) -> Value {
        self.global(name).unwrap_or_else(|| {
            let g = self.add_global(name, ty);
            g.set_local_exec();
            g
        })
    }
    pub fn intrinsic(&self, name: &str, overloads: &[Type]) -> (Value, Type) {
        unsafe {
            let id = LLVMLookupIntrinsicID(name.as_ptr().cast(), name.len());
            let mut t: Vec<_> = overloads.iter().map(|t| t.0).collect();
            let f = LLVMGetIntrinsicDeclaration(self.raw(), id, t.as_mut_ptr(), t.len());
            (Value(f), Type(LLVMGlobalGetValueType(f)))
        }
    }
    pub fn void(&self) -> Type {
        unsafe { Type(LLVMVoidTypeInContext(self.context())) }
    }
    pub fn ptr(&self) -> Type {
        unsafe { Type(LLVMPointerTypeInContext(self.context(), 0)) }
    }
    pub fn int(&self, bits: u32) -> Type {
        unsafe { Type(LLVMIntTypeInContext(self.context(), bits)) }
    }
    pub fn struct_type(&self, elements: &[Type]) -> Type {
        let mut e: Vec<_> = elements.iter().map(|t| t.0).collect();
        unsafe {
            Type(LLVMStructTypeInContext(
                self.context(),
                e.as_mut_ptr(),
                e.len() as c_uint,
                0,
            ))
        }
    }
    pub fn vector_type(&self, element: Type, count: u32) -> Type {
        unsafe { Type(LLVMVectorType(element.0, count)) }
    }
    pub fn i32_const(&self, v: u64) -> Value {
        self.int(32).int(v)
    }
    pub fn i64_const(&self, v: u64) -> Value {
        self.int(64).int(v)
    }
    pub fn const_struct(&self, fields: &[Value]) -> Value {
        let mut f: Vec<_> = fields.iter().map(|v| v.0).collect();
        unsafe {
            Value(LLVMConstStructInContext(
                self.context(),
                f.as_mut_ptr(),
                f.len() as c_uint,
                0,
            ))
        }
    }
    pub fn const_bytes(&self, bytes: &[u8]) -> Value {
        unsafe {
            Value(LLVMConstStringInContext2(
                self.context(),
                bytes.as_ptr().cast(),
                bytes.len(),
                1,
            ))
        }
    }
    pub fn const_int_to_ptr(&self, v: u64) -> Value {
        unsafe { Value(LLVMConstIntToPtr(self.i64_const(v).0, self.ptr().0)) }
    }
    pub fn const_vector(&self, elements: &[Value]) -> Value {
        let mut e: Vec<_> = elements.iter().map(|v| v.0).collect();
        unsafe { Value(LLVMConstVector(e.as_mut_ptr(), e.len() as c_uint)) }
    }
    pub(super) fn inline_asm(
        &self,
        ty: Type,
        text: &str,
        constraints: &str,
        effects: bool,
    ) -> Value {
        unsafe {
            Value(LLVMGetInlineAsm(
                ty.0,
                text.as_ptr().cast(),
                text.len(),
                constraints.as_ptr().cast(),
                constraints.len(),
                effects.into(),
                0,
                llvm_sys::LLVMInlineAsmDialect::LLVMInlineAsmDialectATT,
                0,
            ))
        }
    }
    /// Module-level assembly.
    pub fn module_asm(&self) -> String {
        unsafe {
            let mut n = 0;
            let p = LLVMGetModuleInlineAsm(self.raw(), &mut n);
            String::from_utf8_lossy(std::slice::from_raw_parts(p.cast(), n)).into_owned()
        }
    }
    /// Adds `key = value` (a string) as a module flag, if the back end is to read it.
    pub fn add_string_flag(&self, key: &str, value: &str) {
        unsafe {
            let md = LLVMMDStringInContext2(self.context(), value.as_ptr().cast(), value.len());
            LLVMAddModuleFlag(
                self.raw(),
                llvm_sys::LLVMModuleFlagBehavior::LLVMModuleFlagBehaviorError,
                key.as_ptr().cast(),
                key.len(),
                md,
            );
        }
    }
    /// Adds bytes as a section that the linker drops (`SHF_EXCLUDE`).
    pub fn embed(&self, section: &str, bytes: &[u8]) {
        let value = self.const_bytes(bytes);
        let g = self.add_global("popcorn.embedded", value.ty());
        g.set_linkage(Linkage::LLVMPrivateLinkage);
        g.set_initializer(value);
        g.set_section(section);
        g.set_alignment(8);
        g.set_constant(true);
        unsafe {
            let kind = LLVMGetMDKindIDInContext(self.context(), c"exclude".as_ptr(), 7);
            let node = LLVMMDNodeInContext2(self.context(), std::ptr::null_mut(), 0);
            LLVMGlobalSetMetadata(g.0, kind, node);
        }
        self.mark_used(&[g]);
    }
    /// Keeps these globals through code generation.
    pub fn mark_used(&self, values: &[Value]) {
        let mut all: Vec<Value> = Vec::new();
        if let Some(old) = self.global("llvm.compiler.used") {
            if let Some(init) = old.initializer() {
                all.extend(init.operands());
            }
            old.delete_global();
        }
        all.extend_from_slice(values);
        let mut raw: Vec<_> = all.iter().map(|v| v.0).collect();
        unsafe {
            let array = Value(LLVMConstArray2(
                self.ptr().0,
                raw.as_mut_ptr(),
                raw.len() as u64,
            ));
            let g = self.add_global("llvm.compiler.used", array.ty());
            g.set_linkage(Linkage::LLVMAppendingLinkage);
            g.set_initializer(array);
            g.set_section("llvm.metadata");
        }
    }
    pub fn has_flag(&self, key: &str) -> bool {
        unsafe { !LLVMGetModuleFlag(self.raw(), key.as_ptr().cast(), key.len()).is_null() }
    }
}
