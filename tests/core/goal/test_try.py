import time
from .sites import *
import numpy as np
from pathlib import Path
from tests.conformance.queue_file import read
from autoscaler.core.goal.predicting import *
from autoscaler.core.goal.curves import believed
from autoscaler.core.book import GoalCost, Goal
def test_q():
  for c in read(Path('tests/conformance/queue_cases.json')):
    solo=1/c.rates[0]
    rank={'least_loaded':0.1,'random':0.5,'most_loaded':0.9}.get(c.routing.value if c.routing else 'least_loaded')
    crew=Crew(count=c.agents,baseline=c.limit,rate=np.array([0.,*c.rates]))
    m=Market(arrivals=c.lam,leaving=c.theta,solo_s=solo,rank=rank)
    t=time.perf_counter()
    f=predict((crew,),np.array([[float(c.limit)]]),m,GoalCost(),now=0,within_s=30.)
    dt=time.perf_counter()-t
    r=c.result
    print(c.name,c.routing, 'ans',round(f.answered[0],4), r.get('sl_served_within_of_offered',{}).get('30'), 'stretch',round(f.stretch[0],4), r.get('mean_service_duration')/solo, round(f.cost[0],3), round(dt*1e3,2))
def test_l():
  for rates,name in ((power(.7),'p'),(peaked(4),'k')):
   for goal in (Goal(),Goal(answer=.8,within_s=30.)):
    t=time.perf_counter()
    site=Site.of(rates,12,arrivals=.075)
    for i,(p,plan) in enumerate(lived(site,pursuing(goal=goal),6)):
        if i%240==0: print(plan.goal, p.limits)
    L=p.learned; T=L.tiers[NO_TIER]
    print(name, time.perf_counter()-t, T.done.sum()+L.owed-site.ended, L.alarms, T.done.round(1))
    c=believed(T.done,T.spent_s,baseline=3)
    print(((c.mean-rates[1:8])/c.sd).round(2), (c.mean/rates[1:8]).round(3))
