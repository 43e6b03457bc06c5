/* Empty: `_start` belongs to the runtime. */
