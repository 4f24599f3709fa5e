from .choosing import (
    DIVERSITY as DIVERSITY,
    POOL as POOL,
    VERSION as VERSION,
    playlist as playlist,
)
from .comparing import (
    listening_page as listening_page,
    sign_test as sign_test,
)
from .hearing import (
    PlaylistError as PlaylistError,
)
from .indexing import (
    build_index as build_index,
    open_index as open_index,
)
from .searching import (
    LARGE as LARGE,
    NEAR as NEAR,
    Index as Index,
    catalogue as catalogue,
    local_scales as local_scales,
)
from .writing import (
    Playlist as Playlist,
    check_list_name as check_list_name,
)
