//! What a function's records hold, for people (`popcorn_metadata::info`): the type of each slot, what
//! each site stores, and with debug information where each site is and which variable is where.

use std::collections::{HashMap, HashSet};

use popcorn_metadata::info::{
    Binding, Class, Function, Location, Place, Site, Slot, Type, Variable,
};

use crate::llvm::debug::{self, Held};
use crate::llvm::{self, Block, Module, Opcode, TypeKind, Value};

use super::layout::Layout;
use super::sites;

/// Describes a function whose blocks are split at its sites and which has no pads yet.
pub fn describe(module: &Module, f: Value, sites: &[sites::Site], layout: &Layout) -> Function {
    let mut out = Builder::new(module, f, layout);
    let held = Variables::new(f);
    for (index, site) in sites.iter().enumerate() {
        let (place, block, point) = match site {
            sites::Site::Call { call, .. } => (*call, call.parent(), false),
            sites::Site::Point { record, .. } => (*record, record.parent(), true),
        };
        let stored: HashSet<Value> = layout.stored[index].iter().copied().collect();
        let described = Site {
            point,
            at: place.debug_places().into_iter().map(location).collect(),
            stored: layout.stored[index]
                .iter()
                .map(|v| out.slot_of[v])
                .collect(),
            bindings: out.bindings(place, &stored, held.at_end(block)),
        };
        out.function.sites.push(described);
    }
    out.function
}

fn location(place: debug::Place) -> Location {
    Location {
        function: place.function,
        file: place.file,
        line: place.line,
        column: place.column,
    }
}

struct Builder {
    function: Function,
    slot_of: HashMap<Value, u32>,
    types: HashMap<Type, u32>,
    variables: HashMap<debug::Variable, u32>,
}

impl Builder {
    fn new(module: &Module, f: Value, layout: &Layout) -> Self {
        let symbol = f.name();
        let known = f.debug_function();
        let definition = known.unwrap_or_default();
        let named = !definition.function.is_empty();
        let mut out = Self {
            function: Function {
                name: if named {
                    definition.function
                } else {
                    symbol.clone()
                },
                symbol,
                file: definition.file,
                line: definition.line,
                ..Function::default()
            },
            slot_of: HashMap::new(),
            types: HashMap::new(),
            variables: HashMap::new(),
        };
        // By offset, so that the same module always gives the same table.
        let mut slots: Vec<_> = layout.offsets.iter().collect();
        slots.sort_by_key(|(_, offset)| **offset);
        for (&value, &offset) in slots {
            let ty = out.ty(lowered(module, value.ty()));
            let slot = Slot {
                offset: offset as u32,
                ty,
            };
            out.slot_of.insert(value, out.function.slots.len() as u32);
            out.function.slots.push(slot);
        }
        out
    }

    fn ty(&mut self, ty: Type) -> u32 {
        *self.types.entry(ty.clone()).or_insert_with(|| {
            self.function.types.push(ty);
            self.function.types.len() as u32 - 1
        })
    }

    fn variable(&mut self, variable: debug::Variable) -> u32 {
        if let Some(&known) = self.variables.get(&variable) {
            return known;
        }
        let described = variable.describe();
        let ty = self.ty(Type {
            name: described.ty,
            class: Class::from_number(described.class.into()),
            size: described.size,
        });
        self.function.variables.push(Variable {
            name: described.name,
            ty,
        });
        let index = self.function.variables.len() as u32 - 1;
        self.variables.insert(variable, index);
        index
    }

    /// The variables in scope at an instruction whose places can be told from what its site stores.
    fn bindings(
        &mut self,
        place: Value,
        stored: &HashSet<Value>,
        held: impl Iterator<Item = (debug::Variable, Held)>,
    ) -> Vec<Binding> {
        let mut bindings = Vec::new();
        for (variable, held) in held {
            let Some(depth) = variable.depth(place) else {
                continue;
            };
            let found = match held {
                Held::Nowhere => None,
                Held::Constant(number) => Some(Place::Constant(number)),
                Held::Value(value, offset) => self.value(value, offset, stored),
                Held::Memory(value, offset) => self
                    .root(value, stored)
                    .map(|(slot, more)| Place::Memory(slot, offset.wrapping_add(more))),
            };
            if let Some(place) = found {
                bindings.push(Binding {
                    variable: self.variable(variable),
                    depth,
                    place,
                });
            }
        }
        bindings.sort_by_key(|b| (b.depth, b.variable));
        bindings
    }

    /// The slot that a pointer is a constant away from.
    fn root(&self, value: Value, stored: &HashSet<Value>) -> Option<(u32, i64)> {
        let (mut value, mut offset) = (value, 0i64);
        while !stored.contains(&value) {
            let (base, more) = value.constant_offset()?;
            offset = offset.wrapping_add(more);
            value = base;
        }
        Some((*self.slot_of.get(&value)?, offset))
    }

    fn value(&self, value: Value, offset: i64, stored: &HashSet<Value>) -> Option<Place> {
        if let Some((slot, more)) = self.root(value, stored) {
            return Some(match offset.wrapping_add(more) {
                0 => Place::Slot(slot),
                sum => Place::Sum(slot, sum),
            });
        }
        // Casts are made again wherever they are needed. What lacks above is zero, or the sign.
        let from = value.operands().first().copied()?;
        let slot = *self.slot_of.get(&from).filter(|_| stored.contains(&from))?;
        match value.opcode()? {
            _ if offset != 0 => None,
            Opcode::LLVMTrunc | Opcode::LLVMZExt => Some(Place::Slot(slot)),
            Opcode::LLVMSExt => Some(Place::Extended(slot)),
            _ => None,
        }
    }
}

/// A type of the IR.
fn lowered(module: &Module, ty: llvm::Type) -> Type {
    let class = match ty.kind() {
        TypeKind::LLVMIntegerTypeKind if ty.int_width() == 1 => Class::Bool,
        TypeKind::LLVMIntegerTypeKind => Class::Signed,
        TypeKind::LLVMPointerTypeKind => Class::Pointer,
        TypeKind::LLVMFloatTypeKind
        | TypeKind::LLVMDoubleTypeKind
        | TypeKind::LLVMFP128TypeKind => Class::Float,
        _ => Class::Aggregate,
    };
    Type {
        name: format!("{ty:?}"),
        class,
        size: module.layout().size(ty),
    }
}

/// Which variable is where at the end of each block: forward data flow; paths that disagree leave nothing.
struct Variables {
    all: Vec<debug::Variable>,
    everywhere: Vec<(debug::Variable, Held)>,
    at_end: HashMap<Block, Vec<Held>>,
}

impl Variables {
    fn new(f: Value) -> Self {
        let mut out = Self {
            all: Vec::new(),
            everywhere: Vec::new(),
            at_end: HashMap::new(),
        };
        let mut number = HashMap::new();
        let mut changes: HashMap<Block, Vec<(usize, Held)>> = HashMap::new();
        for record in f.debug_records() {
            if record.everywhere {
                out.everywhere.push((record.variable, record.held));
                continue;
            }
            let index = *number.entry(record.variable).or_insert_with(|| {
                out.all.push(record.variable);
                out.all.len() - 1
            });
            let block = record.before.parent();
            changes.entry(block).or_default().push((index, record.held));
        }
        if !out.all.is_empty() {
            out.flow(f, &changes);
        }
        out
    }

    fn flow(&mut self, f: Value, changes: &HashMap<Block, Vec<(usize, Held)>>) {
        let blocks = f.blocks();
        let entry = f.entry();
        let predecessors: HashMap<Block, Vec<Block>> =
            blocks.iter().map(|&b| (b, b.predecessors())).collect();
        // A block that nothing is known of yet agrees with everything.
        let mut changed = true;
        while changed {
            changed = false;
            for &block in &blocks {
                let mut ends = predecessors[&block]
                    .iter()
                    .filter_map(|p| self.at_end.get(p));
                let first = match block == entry {
                    true => None,
                    false => ends.next().cloned(),
                };
                if first.is_none() && block != entry {
                    continue;
                }
                let mut state = first.unwrap_or_else(|| vec![Held::Nowhere; self.all.len()]);
                for end in ends.filter(|_| block != entry) {
                    for (here, there) in state.iter_mut().zip(end) {
                        if *here != *there {
                            *here = Held::Nowhere;
                        }
                    }
                }
                for &(index, held) in changes.get(&block).into_iter().flatten() {
                    state[index] = held;
                }
                if self.at_end.get(&block) != Some(&state) {
                    self.at_end.insert(block, state);
                    changed = true;
                }
            }
        }
    }

    fn at_end(&self, block: Block) -> impl Iterator<Item = (debug::Variable, Held)> + '_ {
        let flow = self.at_end.get(&block).into_iter().flatten().copied();
        let flow = self.all.iter().copied().zip(flow);
        self.everywhere.iter().copied().chain(flow)
    }
}
