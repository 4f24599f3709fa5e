"""The thin helper package of the book *Genre, Measured*.

Data flows one way: corpus -> tracks -> slices -> features -> folds -> predictions -> scores ->
figures. A module imports only from those before it in that chain.
"""

__version__ = "0.1.0"
