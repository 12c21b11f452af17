"""Words for made-up cases of the demonstration region. No company or person of these names is meant."""

from __future__ import annotations

from dataclasses import dataclass

SURNAMES = "马王李张杨刘陈金丁纳白沙哈田吴周赵黄徐孙朱何郭罗高林谢宋唐许韩冯邓曹彭曾萧蔡潘袁董余苏叶吕魏蒋杜"
GIVEN = {
    "male": (
        "建国 志强 海军 文斌 学军 永福 立新 少华 小军 国栋 振东 彦龙 占林 生虎 志远 宏伟 旭东 晓东 占军 建平 "
        "永强 正义 宝山 玉林 文博 世杰 耀宗 金龙 建忠 克俭 铁军 长青"
    ).split(),
    "female": (
        "秀英 玉兰 晓琴 海燕 丽娟 红梅 雪琴 小芳 静 淑珍 慧 玉花 凤霞 彩霞 佳 倩 晓燕 月娥 春梅 文娟 秋菊 雅琴"
    ).split(),
}
PREFIXES = (
    "启山 恒塬 朔源 川北 瑞禾 沁阳 万嵘 德沛 宏垣 兴川 凯拓 银朔 华塬 泰沃 西固 新垦 长渠 汉延 惠农湾 唐徕湾 "
    "六盘云 贺岚 塞上禾 黄湾 青渠 沙湖北 金塬 伊禾 同沃 正源拓"
).split()
TRADES = (
    ("build", "建筑工程"),
    ("build", "建筑劳务"),
    ("machine", "机械制造"),
    ("machine", "精密铸造"),
    ("machine", "金属制品"),
    ("food", "乳业"),
    ("food", "食品"),
    ("textile", "羊绒纺织"),
    ("transport", "物流"),
    ("transport", "快运"),
    ("chem", "化工"),
    ("chem", "新材料"),
    ("mine", "煤业"),
    ("service", "物业服务"),
    ("service", "环境卫生"),
    ("farm", "枸杞种植"),
)
# Short name of the region, then addresses in it.
ADDRESSES = {
    "640100": ("银川", "银川市兴庆区清和街北段", "银川市金凤区正源街南段", "银川市西夏区文昌路西段", "银川市金凤区宝湖路"),
    "640300": ("吴忠", "吴忠市利通区裕民街", "吴忠市利通区朝阳东街", "吴忠市红寺堡区弘德路"),
    "640121": ("永宁", "永宁县杨和街", "永宁县望远镇创业路", "永宁县闽宁镇福宁路"),
    "640122": ("贺兰", "贺兰县习岗镇意湖路", "贺兰县德胜园区永胜路", "贺兰县洪广镇"),
    "640323": ("盐池", "盐池县花马池镇鼓楼街", "盐池县高沙窝镇", "盐池县惠安堡镇"),
}
HOSPITALS = ("自治区人民医院", "宁夏医科大学总医院", "银川市第一人民医院", "吴忠市人民医院", "县人民医院", "银川国龙医院")
REASON = {
    True: "{name}系该单位职工，在工作时间和工作场所内因工作原因受到伤害，诊断为{what}，证据一致，符合规定情形。",
    False: "经调查，{name}所受伤害（{what}）不具备《工伤保险条例》第十四条、第十五条规定的情形，不予认定。",
}


@dataclass(frozen=True)
class Injury:
    """An accident as people tell it; `trade` empty = any, `hours` = hour of the day from–to."""

    trade: str
    occupation: str
    place: str
    course: str
    diagnosis: str
    description: str
    parts: tuple[str, ...]
    basis: str = "14-1"
    hours: tuple[int, int] = (8, 17)


INJURIES = (
    Injury("build", "架子工", "施工现场 3 号楼", "{time}，{name}在三层拆除脚手架时跳板滑脱，坠落至二层平台。", "右胫腓骨中下段骨折", "右小腿骨折，已行内固定", ("leg_right",)),
    Injury("build", "钢筋工", "钢筋加工棚", "{time}，{name}操作弯曲机时左手被钢筋夹住。", "左手第 2、3 指中节指骨骨折", "左手两指骨折", ("hand_left",)),
    Injury("build", "木工", "地下车库模板作业面", "{time}，{name}拆模时被坠落的方木砸中头部。", "头皮裂伤，轻型颅脑损伤", "头部外伤，住院观察", ("head",)),
    Injury("machine", "冲压工", "冲压车间", "{time}，{name}取料时设备误动作，右手食指被压伤。", "右手食指末节毁损伤", "右手食指末节缺失", ("hand_right",)),
    Injury("machine", "数控车工", "机加一车间", "{time}，{name}清理铁屑时飞屑溅入左眼。", "左眼角膜异物伤", "左眼异物，视力暂时下降", ("eye_left",)),
    Injury("machine", "铸造工", "熔炼车间", "{time}，{name}浇注时铁水飞溅，烫伤双前臂。", "双前臂浅二度烧伤", "烧伤面积约 4%", ("arm_left", "arm_right")),
    Injury("food", "包装工", "灌装车间", "{time}，{name}清洗输送带时右手卷入辊筒。", "右腕部挤压伤，伸肌腱断裂", "右腕肌腱断裂，已缝合", ("arm_right", "hand_right")),
    Injury("food", "制冷工", "冷库", "{time}，{name}在冷库搬运时地面结冰滑倒。", "左股骨颈骨折", "左髋部骨折，已手术", ("pelvis", "leg_left")),
    Injury("textile", "梳绒工", "分梳车间", "{time}，{name}处理堵料时左手被梳绒机刺辊划伤。", "左手背皮肤软组织撕脱伤", "左手背皮肤撕脱", ("hand_left",)),
    Injury("transport", "驾驶员", "物流园装卸区", "{time}，{name}卸货时被倾倒的货架压伤腰部。", "腰 2 椎体压缩性骨折", "腰椎骨折，保守治疗", ("spine",)),
    Injury("transport", "快递员", "送件途中", "{time}，{name}派件途中与小型客车相撞，对方负主要责任。", "左锁骨骨折", "左肩部骨折", ("shoulder_left",), "14-5"),
    Injury("chem", "操作工", "合成工段", "{time}，{name}检修法兰时物料喷出，灼伤面颈部。", "面颈部化学性灼伤（浅二度）", "面颈部灼伤", ("face", "neck")),
    Injury("chem", "接尘工", "破碎岗位", "{name}长期从事破碎作业，{time}取得职业病诊断证明书。", "职业性尘肺病（硅肺壹期）", "肺部小阴影，肺功能轻度损害", ("respiratory",), "14-4"),
    Injury("mine", "采掘工", "综采工作面", "{time}，{name}移架时被片帮煤块砸伤左足。", "左足第 1、2 跖骨骨折", "左足骨折", ("foot_left",)),
    Injury("mine", "支护工", "掘进巷道", "{time}，{name}打锚杆时钻杆折断，击中胸部。", "左侧第 5—7 肋骨骨折", "肋骨骨折三根", ("chest",)),
    Injury("service", "保洁员", "小区 6 号楼楼道", "{time}，{name}擦拭楼梯扶手时踩空摔下。", "右桡骨远端骨折", "右腕骨折，石膏固定", ("arm_right",)),
    Injury("service", "环卫工", "清扫路段", "{time}，{name}清扫路面时被电动自行车撞倒。", "左胫骨平台骨折", "左膝骨折，已手术", ("leg_left",)),
    Injury("farm", "采摘工", "枸杞基地 4 号地块", "{time}，{name}驾驶三轮车转运鲜果时翻车。", "右肩关节脱位", "右肩脱位，已复位", ("shoulder_right",)),
    Injury("", "库管员", "原料仓库", "{time}，{name}搬运货物时从梯上跌落。", "右踝关节骨折", "右踝骨折，石膏固定", ("foot_right",)),
    Injury("", "统计员", "上班途中路口", "{time}，{name}骑电动自行车上班，在路口被右转货车刮倒，交警认定对方负主要责任。", "骨盆多发骨折", "骨盆骨折，卧床", ("pelvis",), "14-6", (7, 8)),
    Injury("", "安全员", "厂区道路", "{time}，{name}巡查时被叉车挤压右足。", "右足开放性骨折", "右足骨折，已清创", ("foot_right",)),
)
