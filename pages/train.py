import streamlit as st

st.title("What would an attacker see?")
