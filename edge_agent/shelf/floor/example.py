"""A complete floor.toml with every key explained, Chinese first: what `edge-agent floor example` prints."""

from typing import Final

FLOOR: Final = """\
# 卖场平面图：保存为 平面图目录/<floor>/floor.toml，参考照片放在同一目录；目录在配置 floor.plans，空为状态目录下的 floors。
# A floor plan: save it as <plans>/<floor>/floor.toml with its reference photo beside it; <plans> is floor.plans of the
# configuration, by default the folder floors of the state directory. Try it: edge-agent floor score VIDEO --floor floor.toml

floor = "hall-1"              # 编号，小写字母、数字和 _ . -；与配置 cameras.floor 一致  code, the same as cameras.floor
version = "2026-11"           # 版本  version
reference = "reference.jpg"   # 参考照片，与摄像头同一画面，店内无人时拍  photo from the camera, taken while nobody is there
width_m = 8.0                 # 平面图宽（米），0.5–200  width of the plan in metres
depth_m = 6.0                 # 平面图深（米）；原点在左上角，x 向右，y 向下  depth; origin top left, x right, y down
cell_m = 0.5                  # 热力图每格边长（米），0.5–5  side of a cell of the heat map

# 画面与地面的对应，二选一。  What ties the picture to the floor: one of the two.
# 1. 地面上一个已知大小的矩形：四角在照片中的位置（0–1 的比例），从位于 at 的一角起顺时针。
#    A rectangle of known size on the floor: its corners in the photo (fractions), clockwise from the one that lies at `at`.
[rectangle]
corners = [[0.30, 0.45], [0.70, 0.45], [0.85, 0.90], [0.15, 0.90]]
width_m = 4.0
depth_m = 3.0
at = [2.0, 2.0]

# 2. 四个或更多对应点。  Four or more pairs of points.
# [[point]]
# image = [0.30, 0.45]        # 在照片中的位置（比例）  in the photo (fractions)
# floor = [2.0, 2.0]          # 在平面图上的位置（米）  on the plan (metres)

# 区域：1 至 30 个。outline 为多边形，单位米；写 space = "image" 则为照片中的比例。role 为以下之一：
# Zones: 1 to 30. `outline` is a polygon in metres, with space = "image" in fractions of the photo. `role` is one of:
#   entrance          入口：数进店人次  the entrance: arrivals are counted
#   counter_staff     柜台内：站在这里的是员工  behind the counter: who stands here is staff
#   counter_customer  柜台前：站在这里的是等候接待的顾客  before the counter: customers who wait to be served
#   queue             排队区：顾客在排队  a queue of customers
#   aisle             通道：不分员工和顾客  an aisle: nobody is told apart
#   fitting           试衣或体验区：不分员工和顾客  where things are tried on or out: nobody is told apart
[[zone]]
id = "door"
name = "入口"
role = "entrance"
outline = [[0.0, 4.5], [2.0, 4.5], [2.0, 6.0], [0.0, 6.0]]

[[zone]]
id = "till-in"
name = "收银台内"
role = "counter_staff"
outline = [[5.5, 0.0], [8.0, 0.0], [8.0, 1.0], [5.5, 1.0]]

[[zone]]
id = "till"
name = "收银台前"
role = "counter_customer"
outline = [[5.5, 1.0], [8.0, 1.0], [8.0, 2.5], [5.5, 2.5]]
served_by = "till-in"         # 由哪个 counter_staff 区域接待  which counter_staff zone serves it

[[zone]]
id = "line"
name = "排队区"
role = "queue"
outline = [[5.5, 2.5], [8.0, 2.5], [8.0, 4.0], [5.5, 4.0]]
served_by = "till-in"

[[zone]]
id = "snacks"
name = "零食通道"
role = "aisle"
outline = [[2.5, 2.5], [5.0, 2.5], [5.0, 4.5], [2.5, 4.5]]

[[zone]]
id = "fitting"
name = "试衣区"
role = "fitting"
outline = [[0.30, 0.46], [0.40, 0.46], [0.38, 0.55], [0.27, 0.55]]
space = "image"

# 营业时间与只有员工的时间（可空，可多条）；days 1 = 周一 … 7 = 周日；跨午夜写两条。
# Opening hours, and hours in which only staff is there (both optional, several allowed); days 1 = Monday; past midnight: two.
[[open]]
from = "08:00"
until = "22:00"
days = [1, 2, 3, 4, 5, 6, 7]

[[staff_only]]
from = "07:00"
until = "08:00"
"""
